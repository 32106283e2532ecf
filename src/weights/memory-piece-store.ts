import type { PieceHash } from '../base/branded.ts';
import { copyBytes, type Bytes } from '../base/bytes.ts';
import { checkPiece, missingPiece } from './piece-check.ts';
import type { PieceStore } from './piece-store.ts';

/** Pieces in memory: for tests and for a node that keeps nothing. */
export function createMemoryPieceStore(): PieceStore {
  const pieces = new Map<PieceHash, Bytes>();
  const held = (hash: PieceHash): Bytes => {
    const bytes = pieces.get(hash);
    if (!bytes) throw missingPiece(hash);
    return bytes;
  };
  return {
    has: (hashes) => Promise.resolve(new Set(hashes.filter((hash) => pieces.has(hash)))),
    async read(hash) {
      const bytes = copyBytes(held(hash));
      await checkPiece(hash, bytes);
      return bytes;
    },
    async slice(hash, start, end) {
      return held(hash).slice(start, end);
    },
    async put(hash, bytes) {
      const copy = copyBytes(bytes);
      await checkPiece(hash, copy);
      pieces.set(hash, copy);
    },
    async delete(hashes) {
      for (const hash of hashes) pieces.delete(hash);
    },
    list: () => Promise.resolve(new Map([...pieces].map(([hash, bytes]) => [hash, bytes.byteLength]))),
  };
}
