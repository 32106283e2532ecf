import { AppError } from '../base/app-error.ts';

/**
 * - `bad-option`: an option of the command line cannot be used as given; correct it
 * - `port-in-use`: another program listens there; choose another port or end it
 * - `address-refused`: this computer has no such address, or the port needs rights that we lack
 * - `data-unusable`: the data folder cannot be read or written; choose another or correct its rights
 * - `data-damaged`: a file in the data folder is not what was written there; move it away
 * - `model-missing`: a model file is not there or cannot be read
 * - `model-refused`: a file that cannot be published: no GGUF, or one that this build cannot serve
 * - `model-changed`: a file changed while it was read; wait until it is complete and try again
 * - `download-failed`: a model could not be fetched; running again resumes
 * - `hash-mismatch`: a model is not the one whose SHA-256 was required; it is not kept
 * - `disk-full`: no room for a model
 * - `build-failed`: the page could not be built from its sources
 */
export type RelayErrorCode =
  | 'bad-option'
  | 'port-in-use'
  | 'address-refused'
  | 'data-unusable'
  | 'data-damaged'
  | 'model-missing'
  | 'model-refused'
  | 'model-changed'
  | 'download-failed'
  | 'hash-mismatch'
  | 'disk-full'
  | 'build-failed';

/** `place` is the file, folder, URL or option to blame. */
export interface RelayErrorDetails {
  readonly place?: string;
}

/** Thrown by every function of `relay`; the message is what the operator reads, with the next step in it. */
export class RelayError extends AppError<RelayErrorCode, RelayErrorDetails> {
  override readonly name = 'RelayError';

  constructor(code: RelayErrorCode, message: string, details: RelayErrorDetails = {}, options?: ErrorOptions) {
    super(code, `relay: ${message}`, details, options);
  }
}

/** The `code` of an error of Node's own, e.g. `ENOENT`. */
export function systemCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}

/** One line for a person: never a stack, never more than 400 characters. */
export function describeError(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.replaceAll(/\s+/g, ' ').slice(0, 400);
}
