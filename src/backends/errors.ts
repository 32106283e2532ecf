import { AppError } from '../base/app-error.ts';

/**
 * - `no-backend`: no library here runs files of this layout. Take another model.
 * - `files-missing`: the layout is known, but a file that it needs is absent. The publisher is at fault.
 * - `task-unsupported`: the library, or this model, does not do what was asked for.
 * - `model-invalid`: the library refused the model's files; `cause` has its words.
 * - `model-closed`: the model was closed. Load it again.
 * - `failed`: the library failed at its work; `cause` has its words. Other requests may succeed.
 */
export type BackendErrorCode =
  | 'no-backend'
  | 'files-missing'
  | 'task-unsupported'
  | 'model-invalid'
  | 'model-closed'
  | 'failed';

/** `name` is the file, task or backend to blame. */
export interface BackendErrorDetails {
  readonly name?: string;
}

/** Thrown by every function of `backends`. */
export class BackendError extends AppError<BackendErrorCode, BackendErrorDetails> {
  override readonly name = 'BackendError';

  constructor(code: BackendErrorCode, message: string, details: BackendErrorDetails = {}, options?: ErrorOptions) {
    super(code, `backends: ${message}`, details, options);
  }
}
