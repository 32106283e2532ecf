import { AppError } from '../base/app-error.ts';

/**
 * - `batch-invalid`: a packed batch whose tables disagree with each other or with the model. The caller is at fault.
 * - `no-labels`: no token of the batches carries loss. Check the data's roles and masks.
 * - `diverged`: a loss or a gradient was not finite; nothing was changed by that step. Resume with a lower rate.
 * - `state-invalid`: a saved state that is not of this model. Take the right checkpoint.
 * - `model-too-large`: trainable numbers that one binding cannot hold. Take a smaller model or rank.
 * - `adapter-invalid`: a rank, scale, shape or number of an adapter that does not fit. Take one made for this base.
 * - `checkpoint-invalid`: bytes that are no checkpoint. Choose another.
 * - `checkpoint-mismatch`: a checkpoint of another base, tokenizer, data set or form; `name` says which of them.
 * - `out-of-memory`: the GPU has no room for the run; `limit` is the size of a micro-batch to try next.
 * - `settings-invalid`: a setting of a run that cannot be; `name` says which.
 * - `run-state`: a run was asked for what it cannot do now, e.g. to start twice.
 * - `task-mismatch`: inputs that are not those of a fragment's task; `name` says which. Fetch the right ones.
 * - `claim-invalid`: a fragment's answer that is not what its steps make.
 * - `trainer-closed`: used after `close`.
 */
export type TrainingErrorCode =
  | 'batch-invalid'
  | 'no-labels'
  | 'diverged'
  | 'state-invalid'
  | 'model-too-large'
  | 'adapter-invalid'
  | 'checkpoint-invalid'
  | 'checkpoint-mismatch'
  | 'out-of-memory'
  | 'settings-invalid'
  | 'run-state'
  | 'task-mismatch'
  | 'claim-invalid'
  | 'trainer-closed';

/** `name` is the tensor or table to blame; `value` and `limit` are what was found and what is allowed. */
export interface TrainingErrorDetails {
  readonly name?: string;
  readonly value?: number;
  readonly limit?: number;
}

/** Thrown by every function of `training`, beside the `GpuError`s that pass through. */
export class TrainingError extends AppError<TrainingErrorCode, TrainingErrorDetails> {
  override readonly name = 'TrainingError';

  constructor(code: TrainingErrorCode, message: string, details: TrainingErrorDetails = {}, options?: ErrorOptions) {
    super(code, `training: ${message}`, details, options);
  }
}
