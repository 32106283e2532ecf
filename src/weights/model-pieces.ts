import type { PieceHash } from '../base/branded.ts';
import { bytesToHex } from '../base/bytes.ts';
import type { Manifest } from '../protocol/index.ts';

/** One content-addressed piece of a model, at its place in the file. */
export interface ModelPiece {
  readonly index: number;
  readonly hash: PieceHash;
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

/** The pieces of a manifest in file order. */
export function listPieces(manifest: Pick<Manifest, 'hashes' | 'sizes'>): readonly ModelPiece[] {
  let end = 0;
  return manifest.sizes.map((size, index) => {
    const start = end;
    end += size;
    return { index, hash: bytesToHex(manifest.hashes.subarray(index * 32, index * 32 + 32)) as PieceHash, start, end };
  });
}

/** The pieces that hold any byte of [start, end), by binary search. */
export function piecesWithin(pieces: readonly ModelPiece[], start: number, end: number): readonly ModelPiece[] {
  const from = firstWhere(pieces, (piece) => piece.end > start);
  const to = firstWhere(pieces, (piece) => piece.start >= end);
  return pieces.slice(from, Math.max(from, to));
}

function firstWhere(pieces: readonly ModelPiece[], isPast: (piece: ModelPiece) => boolean): number {
  let low = 0;
  let high = pieces.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const piece = pieces[middle];
    if (piece && isPast(piece)) high = middle;
    else low = middle + 1;
  }
  return low;
}
