import { MAX_MANIFEST_PIECES, MAX_PIECE_BYTES } from '../protocol/index.ts';
import { WeightsError } from './errors.ts';

/** A tensor from this size on is a piece (or more) of its own, so that two models which share it share its pieces. */
export const LONE_TENSOR_BYTES = 512 * 1024;

/** What the cutting needs of a GGUF's layout. */
export interface CutFile {
  readonly sizeBytes: number;
  readonly headerBytes: number;
  /** By position; they do not overlap. Padding may lie between them and after the last. */
  readonly tensors: readonly { readonly start: number; readonly sizeBytes: number }[];
}

export interface PiecePlan {
  /** Bytes of the pieces that hold the header; a piece ends there. */
  readonly headerBytes: number;
  /** Sizes in file order; their sum is the file's size. */
  readonly sizes: readonly number[];
}

/**
 * Cuts a GGUF at its tensor boundaries into pieces of at most 4 MiB.
 *
 * The header is a piece of its own; a tensor of 512 KiB or more stands alone, cut every 4 MiB; runs of smaller ones are
 * grouped up to 4 MiB. Padding belongs to the piece of the tensor before it. The cut depends on nothing but sizes and
 * order, so the same tensor in another file gives the same pieces.
 *
 * @throws {WeightsError} `gguf-limit` if there would be over 65,536 pieces
 */
export function planPieces(file: CutFile): PiecePlan {
  const headerBytes = file.tensors[0]?.start ?? file.sizeBytes;
  const sizes: number[] = slices(headerBytes);
  let group = 0;
  const flush = () => {
    sizes.push(...slices(group));
    group = 0;
  };
  for (const [i, tensor] of file.tensors.entries()) {
    const span = (file.tensors[i + 1]?.start ?? file.sizeBytes) - tensor.start;
    const isLone = tensor.sizeBytes >= LONE_TENSOR_BYTES;
    if (isLone || group + span > MAX_PIECE_BYTES) flush();
    group += span;
    if (isLone) flush();
  }
  flush();
  if (sizes.length > MAX_MANIFEST_PIECES) {
    throw new WeightsError(
      'gguf-limit',
      `the file would make ${sizes.length} pieces, limit ${MAX_MANIFEST_PIECES}; split the model into several files`,
      { value: sizes.length, limit: MAX_MANIFEST_PIECES },
    );
  }
  return { headerBytes, sizes };
}

function slices(bytes: number): number[] {
  const full = Math.floor(bytes / MAX_PIECE_BYTES);
  const rest = bytes % MAX_PIECE_BYTES;
  return [...Array.from({ length: full }, () => MAX_PIECE_BYTES), ...(rest > 0 ? [rest] : [])];
}

const MIN_CHUNK_BYTES = 64 * 1024;
const CHUNKS_WANTED = 256;

/**
 * Piece length of the torrent: a power of two near size/256, so that progress is fine-grained and a lie costs little,
 * within 64 KiB (the hash list stays small) and 4 MiB (memory while a chunk is incomplete).
 */
export function planChunkBytes(sizeBytes: number): number {
  const wanted = 2 ** Math.round(Math.log2(Math.max(1, sizeBytes / CHUNKS_WANTED)));
  return Math.min(Math.max(wanted, MIN_CHUNK_BYTES), MAX_PIECE_BYTES);
}
