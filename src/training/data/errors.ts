import { AppError } from '../../base/app-error.ts';

/**
 * - `not-jsonl`: a line is no JSON object of a known form. `line` says which.
 * - `empty`: no row at all. Choose another file.
 * - `too-few-rows`: one row cannot be learnt from and held out at once. Add rows.
 * - `too-large`: the file or a line of it is over this build's limit.
 * - `row-too-long`: a row has more tokens than the model's context or the batch. Shorten it.
 * - `no-completion`: a row has nothing to learn: no assistant message, or an empty completion.
 * - `invalid-role`: a message's role is none of system, user and assistant, or the order makes no conversation.
 * - `template-unfit`: the model's chat template does not let a reply stand where the conversation ends.
 */
export type TrainingDataErrorCode =
  | 'not-jsonl'
  | 'empty'
  | 'too-few-rows'
  | 'too-large'
  | 'row-too-long'
  | 'no-completion'
  | 'invalid-role'
  | 'template-unfit';

export interface TrainingDataErrorDetails {
  /** Of the file, from 1. */
  readonly line?: number;
  readonly value?: number;
  readonly limit?: number;
}

/** Thrown by whatever reads or prepares training data. */
export class TrainingDataError extends AppError<TrainingDataErrorCode, TrainingDataErrorDetails> {
  override readonly name = 'TrainingDataError';

  constructor(
    code: TrainingDataErrorCode,
    message: string,
    details: TrainingDataErrorDetails = {},
    options?: ErrorOptions,
  ) {
    super(code, `training data: ${message}`, details, options);
  }
}
