import type { Bytes } from '../../base/bytes.ts';
import type { Manifest } from '../../protocol/index.ts';
import { WeightsError } from '../errors.ts';
import { listPieces, piecesWithin, type ModelPiece } from '../model-pieces.ts';
import type { PieceStore } from '../piece-store.ts';
import { isBundle, parseBundle, type BundledFile } from './file-bundle.ts';

/** The files of a model, read from this device's content store alone. */
export interface ModelFiles {
  readonly names: readonly string[];
  /** @throws {WeightsError} `file-missing` */
  sizeOf(name: string): number;
  /**
   * A file, each of its pieces checked against its hash; nothing is held in memory but one piece.
   * @throws {WeightsError} `file-missing`, `piece-missing`, `hash-mismatch`
   */
  read(name: string): Promise<Blob>;
}

/**
 * Opens a model whose pieces are stored: a bundle's files, or a GGUF as its one file.
 *
 * @throws {WeightsError} `piece-missing`, `hash-mismatch`, `bundle-invalid`
 */
export async function openModelFiles(
  manifest: Pick<Manifest, 'name' | 'sizeBytes' | 'headerBytes' | 'hashes' | 'sizes'>,
  store: Pick<PieceStore, 'read'>,
): Promise<ModelFiles> {
  const pieces = listPieces(manifest);
  const headerPieces = piecesWithin(pieces, 0, manifest.headerBytes);
  const header = await readRange(headerPieces, 0, manifest.headerBytes, store);
  const files = filesOf(manifest, new Uint8Array(await header.arrayBuffer()));
  const find = (name: string): BundledFile => {
    const file = files.find((entry) => entry.name === name);
    if (file) return file;
    throw new WeightsError('file-missing', `${manifest.name} has no file ${name.slice(0, 200)}`, { name });
  };
  return {
    names: files.map(({ name }) => name),
    sizeOf: (name) => find(name).end - find(name).start,
    read: async (name) => {
      const { start, end } = find(name);
      return readRange(piecesWithin(pieces, start, end), start, end, store);
    },
  };
}

function filesOf({ name, sizeBytes }: Pick<Manifest, 'name' | 'sizeBytes'>, header: Bytes): readonly BundledFile[] {
  if (!isBundle(header)) return [{ name, start: 0, end: sizeBytes }];
  const index = parseBundle(header);
  if (index.sizeBytes === sizeBytes) return index.files;
  throw new WeightsError(
    'bundle-invalid',
    `${name} is ${sizeBytes} bytes, its index tells of ${index.sizeBytes}; the publisher is at fault`,
    { name, value: sizeBytes, limit: index.sizeBytes },
  );
}

/** Blobs may live on the disk: the whole is never in memory. */
async function readRange(
  pieces: readonly ModelPiece[],
  start: number,
  end: number,
  store: Pick<PieceStore, 'read'>,
): Promise<Blob> {
  const parts: Blob[] = [];
  for (const piece of pieces) {
    const bytes = await store.read(piece.hash);
    parts.push(new Blob([bytes.subarray(Math.max(0, start - piece.start), end - piece.start)]));
  }
  return new Blob(parts);
}
