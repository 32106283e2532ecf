import { array, maxLength, minLength, optional, pipe, strictObject, string, literal, type InferOutput } from 'valibot';
import { adapterFacts } from './adapter-facts.ts';
import { MAX_MANIFEST_PIECES, MAX_PIECE_BYTES, MAX_TEXT_CHARS } from './limits.ts';
import { byteString, modelRoot, wholeNumber } from './schema.ts';

const shortText = pipe(string(), maxLength(MAX_TEXT_CHARS));

/**
 * Everything that a tab must know of a model before its first byte: the pieces in file order, whose Merkle root is the
 * model's id, and what a person wants to read before a download. Signed by the operator who published it.
 */
export const manifest = strictObject({
  t: literal('weights/manifest'),
  v: literal(1),
  /** Merkle root over `pieces` (RFC 6962 hashing); must be recomputed, never believed. */
  root: modelRoot,
  /** File name without folders, e.g. `stories260K-Q8_0.gguf`. */
  name: pipe(string(), minLength(1), maxLength(128)),
  sizeBytes: wholeNumber(1, 2 ** 48),
  /** Bytes at the start of the file that hold header, metadata and tensor table. */
  headerBytes: wholeNumber(1, 2 ** 32),
  /** The pieces' SHA-256 in file order, 32 bytes each. */
  hashes: byteString(32, 32 * MAX_MANIFEST_PIECES),
  /** The pieces' sizes in file order; their sum is `sizeBytes`. */
  sizes: pipe(array(wholeNumber(1, MAX_PIECE_BYTES)), minLength(1), maxLength(MAX_MANIFEST_PIECES)),
  /** SHA-1 info hash of the torrent whose content is the GGUF file itself (BEP 3). */
  infoHash: byteString(20, 20),
  architecture: pipe(string(), maxLength(64)),
  /** Commonest tensor type by bytes, e.g. `Q4_K`. */
  quantisation: pipe(string(), maxLength(16)),
  parameters: wholeNumber(0, 2 ** 48),
  /** 0 for an adapter: its base's. */
  contextTokens: wholeNumber(0, 2 ** 31),
  /** Present if this is an adapter; equal to what its file says. */
  adapter: optional(adapterFacts),
  licence: optional(shortText),
  source: optional(shortText),
});

export type Manifest = InferOutput<typeof manifest>;
