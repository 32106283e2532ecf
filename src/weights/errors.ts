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
 * - `bundle-invalid`: a folder packed as one file contradicts itself. The publisher is at fault.
 * - `checkpoint-invalid`: a folder of safetensors lacks something or contradicts itself. The publisher is at fault.
 * - `checkpoint-unsupported`: a quantisation, shape or tokenizer, by name, that this build does not read. Take another.
 * - `safetensors-invalid`: a safetensors file contradicts itself or ends early. Fetch it again.
 * - `tensor-unreadable`: a tensor lies beyond its file's end, or holds no numbers with a fraction. Fetch it again.
 * - `file-missing`: a bundle has no file of that name. The model is of another kind than was asked for.
 * - `manifest-invalid`: a manifest contradicts itself or what was asked for. The publisher is at fault.
 * - `torrent-invalid`: a torrent file is not the one that its manifest names. The publisher is at fault.
 * - `piece-missing`: a piece is not in this device's store. Fetch the model again; only what is missing travels.
 * - `hash-mismatch`: bytes do not hash to their name. A damaged disk or a lying publisher; nothing was kept.
 * - `quota-exceeded`: this device has no room. `missingBytes` says how much; delete a model or free disk space.
 * - `store-failed`: the browser's storage refused for another reason, e.g. private browsing. Retrying may help.
 * - `model-unknown`: no such model on this device.
 * - `model-in-use`: a model that is being computed with or fetched cannot be deleted. Stop it first.
 * - `no-sources`: nobody who can be reached has the model now. Retrying later may help.
 * - `sources-corrupt`: every source sent bytes that fail their hashes, or too many of them. They are at fault.
 * - `transfer-failed`: the torrent ended for another reason, told in `cause`. Retrying resumes.
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
  | 'gguf-tensor-duplicate'
  | 'bundle-invalid'
  | 'checkpoint-invalid'
  | 'checkpoint-unsupported'
  | 'safetensors-invalid'
  | 'tensor-unreadable'
  | 'file-missing'
  | 'manifest-invalid'
  | 'torrent-invalid'
  | 'piece-missing'
  | 'hash-mismatch'
  | 'quota-exceeded'
  | 'store-failed'
  | 'model-unknown'
  | 'model-in-use'
  | 'no-sources'
  | 'sources-corrupt'
  | 'transfer-failed';

/**
 * `name` is the metadata key, tensor, piece or model to blame; `value` and `limit` are what was found and what is
 * allowed.
 */
export interface WeightsErrorDetails {
  readonly name?: string;
  readonly value?: number;
  readonly limit?: number;
  /** Bytes that must be freed before a retry can succeed. */
  readonly missingBytes?: number;
}

/** Thrown by every function of `weights`. */
export class WeightsError extends AppError<WeightsErrorCode, WeightsErrorDetails> {
  // A minifier renames classes; other realms match on this.
  override readonly name = 'WeightsError';

  constructor(code: WeightsErrorCode, message: string, details: WeightsErrorDetails = {}, options?: ErrorOptions) {
    super(code, `weights: ${message}`, details, options);
  }
}
