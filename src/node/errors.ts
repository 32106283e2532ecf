import { AppError } from '../base/app-error.ts';

/**
 * - `offline`: the page's server does not answer; try again when it does
 * - `bad-offer`: what the server says about its models is not of the schema; the operator is at fault
 * - `unknown-model`: neither offered here nor held on this device
 * - `elsewhere`: another tab of this browser is the node
 * - `not-running`: asked of a node that is off; start it first
 * - `no-grant`: embedded in another site's page whose person has not agreed, or no longer does
 * - `adapter-refused`: this device does not load that adapter for whoever asks; its message says why
 * - `not-shareable`: no adapter of this device's own, too large, or one too many
 * - `unknown-file`: none of the offered models is this file, byte for byte
 * - `unknown-job`: no such batch on this device
 * - `not-answered`: a question that others were asked ended without an answer; its message says why
 */
export type NodeErrorCode =
  | 'offline'
  | 'bad-offer'
  | 'unknown-model'
  | 'elsewhere'
  | 'not-running'
  | 'no-grant'
  | 'adapter-refused'
  | 'not-shareable'
  | 'unknown-file'
  | 'unknown-job'
  | 'not-answered';

/** Thrown by the composed node; errors of its parts keep their own names. */
export class NodeError extends AppError<NodeErrorCode, { readonly model?: string }> {
  override readonly name = 'NodeError';
}
