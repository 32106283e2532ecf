import { AppError } from '../base/app-error.ts';

/**
 * - `adapter-invalid`: a file is malformed, lacks a tensor, or holds a number that is not finite. Fetch or export it again.
 * - `adapter-unsupported`: a kind of adapter that this build cannot compute with; the message names what.
 * - `adapter-base`: it was made for another base: a tensor is absent or of another shape there. Choose its base.
 * - `adapter-lineage`: a parent is missing, of another base, its own ancestor, or too far up. The publisher is at fault.
 */
export type AdapterErrorCode = 'adapter-invalid' | 'adapter-unsupported' | 'adapter-base' | 'adapter-lineage';

/** `name` is the tensor, setting or adapter to blame. */
export interface AdapterErrorDetails {
  readonly name?: string;
}

/** Thrown by every function of `adapters`. */
export class AdapterError extends AppError<AdapterErrorCode, AdapterErrorDetails> {
  // A minifier renames classes; other realms match on this.
  override readonly name = 'AdapterError';

  constructor(code: AdapterErrorCode, message: string, details: AdapterErrorDetails = {}, options?: ErrorOptions) {
    super(code, `adapters: ${message}`, details, options);
  }
}
