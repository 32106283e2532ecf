import { concatBytes, copyBytes, type Bytes } from '../../base/bytes.ts';
import { sha256 } from '../../base/sha256.ts';
import type { Manifest, Signer } from '../../protocol/index.ts';
import { WeightsError } from '../errors.ts';
import { isAdapter, readAdapterFacts } from '../gguf/adapter-metadata.ts';
import { createGgufHeaderParser, type GgufHeader } from '../gguf/header.ts';
import { layoutGguf, type GgufLayout } from '../gguf/layout.ts';
import { merkleRoot } from '../merkle.ts';
import { planChunkBytes, planPieces } from '../plan-pieces.ts';
import { sealManifest } from '../signed-manifest.ts';
import { ChunkHasher } from './chunk-hasher.ts';
import { makeTorrentFile } from './torrent-file.ts';

/** A file that can be read at any place: from a disk in Node, a `File` in a page. */
export interface ReadableFile {
  /** Without folders. */
  readonly name: string;
  readonly sizeBytes: number;
  /** Exactly the bytes of [start, end). */
  read(start: number, end: number): Promise<Bytes>;
}

export interface BuildInit {
  readonly signer: Signer;
  readonly licence?: string;
  readonly source?: string;
  readonly onProgress?: (doneBytes: number, sizeBytes: number) => void;
  readonly signal?: AbortSignal;
}

/** Everything that an operator publishes of a model besides the file itself. */
export interface BuiltModel {
  readonly manifest: Manifest;
  /** Signed. */
  readonly manifestBytes: Bytes;
  readonly torrent: Bytes;
}

const HEADER_READ_BYTES = 1024 * 1024;

/**
 * Reads a GGUF once, in memory of a few pieces, and makes its signed manifest and its torrent.
 *
 * @throws {WeightsError} a `gguf-…` code or `not-gguf` for a file that cannot be published
 */
export async function buildModel(file: ReadableFile, init: BuildInit): Promise<BuiltModel> {
  const header = await readHeader(file, init.signal);
  const layout = layoutGguf(header, file.sizeBytes);
  const plan = planPieces(layout);
  const chunkBytes = planChunkBytes(file.sizeBytes);
  const chunks = new ChunkHasher(chunkBytes);
  const hashes: Bytes[] = [];
  let start = 0;
  for (const size of plan.sizes) {
    init.signal?.throwIfAborted();
    const bytes = await file.read(start, start + size);
    const [hash] = await Promise.all([sha256(bytes), chunks.push(bytes)]);
    hashes.push(hash);
    start += size;
    init.onProgress?.(start, file.sizeBytes);
  }
  const { torrent, infoHash } = await makeTorrentFile({
    name: file.name,
    sizeBytes: file.sizeBytes,
    chunkBytes,
    chunkHashes: await chunks.finish(),
  });
  const pieceHashes = concatBytes(hashes);
  const manifest: Manifest = {
    t: 'weights/manifest',
    v: 1,
    root: merkleRoot(pieceHashes),
    name: file.name,
    sizeBytes: file.sizeBytes,
    headerBytes: plan.headerBytes,
    hashes: pieceHashes,
    sizes: [...plan.sizes],
    infoHash: copyBytes(infoHash),
    ...describeModel(layout, header),
    ...(init.licence === undefined ? {} : { licence: init.licence }),
    ...(init.source === undefined ? {} : { source: init.source }),
  };
  return { manifest, manifestBytes: sealManifest(init.signer, manifest), torrent };
}

async function readHeader(file: ReadableFile, signal: AbortSignal | undefined): Promise<GgufHeader> {
  const parser = createGgufHeaderParser();
  for (let start = 0; start < file.sizeBytes; start += HEADER_READ_BYTES) {
    signal?.throwIfAborted();
    const header = parser.push(await file.read(start, Math.min(start + HEADER_READ_BYTES, file.sizeBytes)));
    if (header) return header;
  }
  return parser.finish();
}

/** What a person wants to know before a download. */
function describeModel(layout: GgufLayout, header: GgufHeader) {
  const { metadata } = header;
  const bytesByType = new Map<string, number>();
  let parameters = 0;
  for (const { type, dims, sizeBytes } of layout.tensors) {
    bytesByType.set(type, (bytesByType.get(type) ?? 0) + sizeBytes);
    parameters += dims.reduce((product, dim) => product * dim, 1);
  }
  const [commonest] = [...bytesByType].toSorted(([, a], [, b]) => b - a);
  const architecture = metadata.requireText('general.architecture');
  const facts = { architecture, quantisation: commonest?.[0] ?? 'none', parameters };
  if (isAdapter(header)) return { ...facts, contextTokens: 0, adapter: readAdapterFacts(header) };
  const contextTokens = metadata.requireNumber(`${architecture}.context_length`);
  if (architecture.length > 64 || !Number.isInteger(contextTokens) || contextTokens < 1 || contextTokens > 2 ** 31) {
    throw new WeightsError(
      'gguf-metadata',
      `gguf names a context of ${contextTokens} tokens; convert the model again`,
      {
        name: 'context_length',
        value: contextTokens,
      },
    );
  }
  return { ...facts, contextTokens };
}
