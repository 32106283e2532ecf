import { AppError } from '../base/app-error.ts';

/**
 * - `not-gguf`: the first bytes are not `GGUF`; the file is something else. Retrying cannot help.
 * - `gguf-version`: a GGUF version other than 3, or big-endian. Convert the file.
 * - `gguf-truncated`: the bytes end before the header, or the file before its last tensor. Fetch it again.
 * - `gguf-limit`: a count or length is over this build's limit; the file is hostile or far out of the ordinary.
 * - `gguf-metadata`: a metadata entry is malformed, of an unknown type, or said twice.
 * - `gguf-metadata-missing`: an entry that the caller needs is absent or of another type.
 * - `gguf-tensor-type`: a tensor is of a type that this build cannot compute with. Choose another quantisation.
 * - `gguf-tensor-shape`: a tensor has no or too many dimensions, a dimension of 0, or rows that are no whole blocks.
 * - `gguf-tensor-offset`: a tensor is unaligned, overlaps another, or lies beyond the file.
 * - `gguf-tensor-duplicate`: two tensors have one name.
 */
export type WeightsErrorCode =
  | 'not-gguf'
  | 'gguf-version'
  | 'gguf-truncated'
  | 'gguf-limit'
  | 'gguf-metadata'
  | 'gguf-metadata-missing'
  | 'gguf-tensor-type'
  | 'gguf-tensor-shape'
  | 'gguf-tensor-offset'
  | 'gguf-tensor-duplicate';

/** `name` is the metadata key or tensor to blame; `value` and `limit` are what was found and what is allowed. */
export interface WeightsErrorDetails {
  readonly name?: string;
  readonly value?: number;
  readonly limit?: number;
}

/** Thrown by every function of `weights`. */
export class WeightsError extends AppError<WeightsErrorCode, WeightsErrorDetails> {
  constructor(code: WeightsErrorCode, message: string, details: WeightsErrorDetails = {}, options?: ErrorOptions) {
    super(code, `weights: ${message}`, details, options);
  }
}
