import { AppError } from '../base/app-error.ts';

/**
 * - `empty-batch`: the file has no line. Choose another file.
 * - `batch-too-large`: more bytes or lines than this build takes. Split the file.
 * - `job-unknown`: no such job on this device; it may have been removed.
 * - `job-state`: the job is in a state in which this cannot be done, e.g. files asked for while it is prepared.
 * - `job-damaged`: what the device kept of the job does not fit its schema. Remove the job and submit it again.
 * - `stopped`: the requester was stopped. Make a new one over the same store; nothing is lost.
 * - `wrong-author`: a message is signed, but not by the peer that sent it. The peer is at fault.
 * - `unknown-author`: the public key of a peer cannot be told. Nothing from it is believed.
 * - `flood`: a peer sends more messages than this device reads. The rest is dropped unread.
 * - `lease-unknown`: a message about a lease that was never granted to, or by, its sender. The peer is at fault.
 * - `record-not-leased`: a result or fault for a record that the lease does not hold. The peer is at fault.
 * - `adapter-not-shared`: the peer does not share that adapter now, or does not answer. Try again, or ask another.
 * - `result-invalid`: a result longer than was asked for, or of broken tokens. The peer is at fault.
 */
export type WorkErrorCode =
  | 'empty-batch'
  | 'batch-too-large'
  | 'job-unknown'
  | 'job-state'
  | 'job-damaged'
  | 'stopped'
  | 'wrong-author'
  | 'unknown-author'
  | 'flood'
  | 'lease-unknown'
  | 'record-not-leased'
  | 'adapter-not-shared'
  | 'result-invalid';

/** `value` is what was found, `limit` what is allowed; `id` names the job or lease. */
export interface WorkErrorDetails {
  readonly id?: string;
  readonly value?: number;
  readonly limit?: number;
}

/** Thrown by every function of `work`; faults of single lines are lines of the error file instead (`LineFault`). */
export class WorkError extends AppError<WorkErrorCode, WorkErrorDetails> {
  override readonly name = 'WorkError';
}
