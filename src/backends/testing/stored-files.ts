import { concatBytes, copyBytes, hexToBytes, type Bytes } from '../../base/bytes.ts';
import { sha256Hex } from '../../base/sha256.ts';
import {
  bundleHeader,
  createMemoryPieceStore,
  openModelFiles,
  type ModelFiles,
  type PieceStore,
} from '../../weights/index.ts';

const PIECE_BYTES = 64 * 1024;

/** Files as a device has them after a download: packed into one bundle, cut into pieces, opened from the store. */
export async function storeFiles(entries: Readonly<Record<string, string | Uint8Array>>): Promise<ModelFiles> {
  const files = Object.entries(entries).map(([name, content]) => ({
    name,
    bytes: typeof content === 'string' ? new TextEncoder().encode(content) : content,
  }));
  const header = bundleHeader(files.map(({ name, bytes }) => ({ name, sizeBytes: bytes.byteLength })));
  const bundle = concatBytes([header, ...files.map(({ bytes }) => bytes)]);
  const store = createMemoryPieceStore();
  return openModelFiles(await cut(bundle, header.byteLength, store, 'bundle'), store);
}

/** A single file, e.g. a GGUF. */
export async function storeFile(name: string, bytes: Bytes): Promise<ModelFiles> {
  const store = createMemoryPieceStore();
  return openModelFiles(await cut(bytes, Math.min(64, bytes.byteLength), store, name), store);
}

async function cut(bytes: Bytes, headerBytes: number, store: PieceStore, name: string) {
  const hashes: Uint8Array[] = [];
  const sizes: number[] = [];
  for (let at = 0; at < bytes.byteLength; at += PIECE_BYTES) {
    const piece = copyBytes(bytes.subarray(at, at + PIECE_BYTES));
    const hash = await sha256Hex(piece);
    await store.put(hash, piece);
    hashes.push(hexToBytes(hash));
    sizes.push(piece.byteLength);
  }
  return { name, sizeBytes: bytes.byteLength, headerBytes, hashes: concatBytes(hashes), sizes };
}
