import type { JobId, ModelRoot, PeerId } from '../base/branded.ts';

/**
 * - `preparing`: the file is read and checked
 * - `interrupted`: kept from an earlier visit; `resume` goes on with it
 * - `running`: records are with peers
 * - `waiting`: nobody takes records now; goes on by itself as soon as somebody does
 * - `done`: every line has its answer or its error
 * - `cancelled`: by the person; what was answered is kept
 * - `failed`: this device cannot go on, see `problem`; `resume` tries again
 */
export type JobState = 'preparing' | 'interrupted' | 'running' | 'waiting' | 'done' | 'cancelled' | 'failed';

/** One job, for a person to see. */
export interface JobView {
  readonly id: JobId;
  readonly fileName: string;
  readonly createdAtMs: number;
  /** Undefined while the file is read, and if no line named a known one. */
  readonly model: ModelRoot | undefined;
  /** The only peer that may compute it, if the person said so. */
  readonly only: PeerId | undefined;
  readonly state: JobState;
  /** Lines that are not blank; grows while the file is read. */
  readonly recordsTotal: number;
  readonly recordsDone: number;
  /** Lines with an error, those refused at once included. */
  readonly recordsFailed: number;
  readonly reissues: number;
  readonly duplicates: number;
  readonly byPeer: readonly { readonly peer: PeerId; readonly isSelf: boolean; readonly records: number }[];
  /** `domain/code` and what happened. */
  readonly problem: { readonly code: string; readonly message: string } | undefined;
}
