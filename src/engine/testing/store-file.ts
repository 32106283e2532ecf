import type { ModelRoot, PieceHash } from '../../base/branded.ts';
import { copyBytes, type Bytes } from '../../base/bytes.ts';
import { sha256Hex } from '../../base/sha256.ts';
import { parseGgufHeader, type PieceStore } from '../../weights/index.ts';
import type { ModelSource } from '../model/upload-weights.ts';

/** Cuts a GGUF, or a bundle of so many header bytes, into pieces that end anywhere, and stores them. */
export async function storeFile(
  store: PieceStore,
  file: Bytes,
  pieceBytes: number,
  headerBytes = parseGgufHeader(file).headerBytes,
): Promise<ModelSource> {
  const pieces: { hash: PieceHash; sizeBytes: number }[] = [];
  for (let at = 0; at < file.byteLength; at += pieceBytes) {
    const piece = copyBytes(file.subarray(at, at + pieceBytes));
    const hash = await sha256Hex(piece);
    await store.put(hash, piece);
    pieces.push({ hash, sizeBytes: piece.byteLength });
  }
  const root = (await sha256Hex(file)) as string as ModelRoot;
  return { root, headerBytes, pieces };
}
