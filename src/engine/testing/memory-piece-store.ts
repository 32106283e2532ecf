import type { ModelRoot, PieceHash } from '../../base/branded.ts';
import { copyBytes, type Bytes } from '../../base/bytes.ts';
import { present } from '../../base/invariant.ts';
import { sha256Hex } from '../../base/sha256.ts';
import type { PieceStore } from '../../weights/index.ts';
import { parseGgufHeader } from '../../weights/index.ts';
import type { ModelSource } from '../model/upload-weights.ts';

/** A piece store in memory, for tests of the engine alone. */
export function createMemoryPieceStore(): PieceStore {
  const pieces = new Map<PieceHash, Bytes>();
  const read = (hash: PieceHash) => present(pieces.get(hash), `piece ${hash}`);
  return {
    has: async (hashes) => new Set(hashes.filter((hash) => pieces.has(hash))),
    read: async (hash) => read(hash),
    slice: async (hash, start, end) => read(hash).slice(start, end),
    put: async (hash, bytes) => void pieces.set(hash, bytes),
    delete: async (hashes) => hashes.forEach((hash) => pieces.delete(hash)),
    list: async () => new Map([...pieces].map(([hash, bytes]) => [hash, bytes.byteLength])),
  };
}

/** Cuts a file into pieces that end anywhere, even within a block, and stores them. */
export async function storeFile(store: PieceStore, file: Bytes, pieceBytes: number): Promise<ModelSource> {
  const pieces: { hash: PieceHash; sizeBytes: number }[] = [];
  for (let at = 0; at < file.byteLength; at += pieceBytes) {
    const piece = copyBytes(file.subarray(at, at + pieceBytes));
    const hash = await sha256Hex(piece);
    await store.put(hash, piece);
    pieces.push({ hash, sizeBytes: piece.byteLength });
  }
  const root = (await sha256Hex(file)) as string as ModelRoot;
  return { root, headerBytes: parseGgufHeader(file).headerBytes, pieces };
}
