import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import parseTorrent from 'parse-torrent';
import { expect, test } from 'vitest';
import { randomGguf } from '../../../e2e/gguf-writer.ts';
import type { ModelRoot } from '../../base/branded.ts';
import { bytesToHex, concatBytes, type Bytes } from '../../base/bytes.ts';
import { createSigner } from '../../protocol/index.ts';
import { adapterMetadata } from '../gguf/adapter-metadata.ts';
import { writeGguf } from '../gguf/write-gguf.ts';
import { createMemoryPieceStore } from '../memory-piece-store.ts';
import { listPieces } from '../model-pieces.ts';
import { rebuildFile } from '../rebuild-file.ts';
import { openManifest } from '../signed-manifest.ts';
import { buildModel, type ReadableFile } from './build-model.ts';
import { openTorrentFile } from './torrent-file.ts';

const signer = createSigner(new Uint8Array(32).fill(7));
const memoryFile = (bytes: Bytes, name = 'model.gguf'): ReadableFile => ({
  name,
  sizeBytes: bytes.byteLength,
  read: (start, end) => Promise.resolve(bytes.slice(start, end)),
});
const MIB = 1024 * 1024;
const file = randomGguf({ sizeBytes: 11 * MIB, seed: 1, layers: 5 });

test('an adapter is published with its base and parents; one that names no base is refused', async () => {
  const root = (digit: string) => digit.repeat(64) as ModelRoot;
  const write = (origin: object) =>
    writeGguf({
      metadata: { 'general.architecture': 'llama', 'general.type': 'adapter', ...origin },
      tensors: [
        { name: 'blk.0.attn_q.weight.lora_a', dims: [8, 4], type: 'F32', bytes: new Uint8Array(128) },
        { name: 'blk.0.attn_q.weight.lora_b', dims: [4, 8], type: 'F32', bytes: new Uint8Array(128) },
      ],
    });
  const parents = [{ root: root('b'), relation: 'continues' as const }];
  const adapter = write(adapterMetadata({ base: root('a'), parents }));
  const { manifestBytes } = await buildModel(memoryFile(adapter), { signer });
  const { manifest } = openManifest(manifestBytes);
  expect(manifest).toMatchObject({ adapter: { base: root('a'), rank: 4, parents }, contextTokens: 0 });
  for (const origin of [{}, { 'starling.adapter.base': 'x' }]) {
    await expect(buildModel(memoryFile(write(origin)), { signer })).rejects.toMatchObject({ code: 'gguf-metadata' });
  }
});

test('manifest, torrent and file agree: every hash, every size, the root, and the file rebuilt byte for byte', async () => {
  const progress: number[] = [];
  const built = await buildModel(memoryFile(file), {
    signer,
    licence: 'CC0-1.0',
    onProgress: (done) => progress.push(done),
  });
  const { manifest, author } = openManifest(built.manifestBytes);
  expect(author).toEqual(signer.publicKey);
  expect(manifest).toEqual(built.manifest);
  expect(manifest).toMatchObject({
    architecture: 'llama',
    quantisation: 'Q8_0',
    contextTokens: 2048,
    licence: 'CC0-1.0',
    sizeBytes: file.byteLength,
  });
  expect(progress.at(-1)).toBe(file.byteLength);

  const store = createMemoryPieceStore();
  for (const piece of listPieces(manifest)) await store.put(piece.hash, file.slice(piece.start, piece.end));
  const parts: Bytes[] = [];
  const reader = rebuildFile(manifest, store).getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) parts.push(part.value);
  expect(bytesToHex(createHash('sha256').update(concatBytes(parts)).digest())).toBe(
    bytesToHex(createHash('sha256').update(file).digest()),
  );

  const torrent = await parseTorrent(built.torrent);
  expect(torrent).toMatchObject({ length: file.byteLength, pieceLength: 64 * 1024, announce: [], urlList: [] });
  const chunk = file.slice(3 * 65_536, 4 * 65_536);
  expect(torrent.pieces[3]).toBe(createHash('sha1').update(chunk).digest('hex'));
  const last = file.slice((torrent.pieces.length - 1) * 65_536);
  expect(torrent.pieces.at(-1)).toBe(createHash('sha1').update(last).digest('hex'));
  expect((await openTorrentFile(built.torrent, manifest)).infoHash).toBe(bytesToHex(manifest.infoHash));
});

test('rebuilding stops with the name of the first piece that is missing', async () => {
  const { manifest } = await buildModel(memoryFile(file), { signer });
  const reader = rebuildFile(manifest, createMemoryPieceStore()).getReader();
  await expect(reader.read()).rejects.toMatchObject({ code: 'piece-missing' });
});

test('the same file gives the same bytes of torrent and the same root, whoever signs', async () => {
  const a = await buildModel(memoryFile(file), { signer });
  const b = await buildModel(memoryFile(file), { signer: createSigner(new Uint8Array(32).fill(9)) });
  expect(b.torrent).toEqual(a.torrent);
  expect(b.manifest.root).toBe(a.manifest.root);
  expect(b.manifestBytes).not.toEqual(a.manifestBytes);
});

test('two models that share 90 % of their tensors share 90 % of their pieces, at other offsets too', async () => {
  const wide = { sizeBytes: 40 * MIB, seed: 3, layers: 20 };
  const a = await buildModel(memoryFile(randomGguf({ ...wide, name: 'a' })), { signer });
  const longer = randomGguf({ ...wide, name: 'a longer name '.repeat(40), differentLayers: [4, 15] });
  const b = await buildModel(memoryFile(longer), { signer });
  const known = new Set(listPieces(a.manifest).map(({ hash }) => hash));
  const fresh = listPieces(b.manifest).filter(({ hash }) => !known.has(hash));
  const freshBytes = fresh.reduce((sum, { start, end }) => sum + end - start, 0);
  expect(freshBytes / b.manifest.sizeBytes).toBeLessThan(0.11);
});

test('what is no GGUF is refused by name, and an abort stops the reading', async () => {
  const noise = memoryFile(new Uint8Array(5000).fill(65));
  await expect(buildModel(noise, { signer })).rejects.toMatchObject({ code: 'not-gguf' });
  await expect(buildModel(memoryFile(file.slice(0, 3 * MIB)), { signer })).rejects.toMatchObject({
    code: 'gguf-tensor-offset',
  });
  const signal = AbortSignal.abort();
  await expect(buildModel(memoryFile(file), { signer, signal })).rejects.toMatchObject({ name: 'AbortError' });
});

test('a torrent that is not the one of the manifest is refused', async () => {
  const a = await buildModel(memoryFile(file), { signer });
  const other = await buildModel(memoryFile(randomGguf({ sizeBytes: MIB, seed: 2 })), { signer });
  await expect(openTorrentFile(other.torrent, a.manifest)).rejects.toMatchObject({ code: 'torrent-invalid' });
  await expect(openTorrentFile(new Uint8Array(40), a.manifest)).rejects.toMatchObject({ code: 'torrent-invalid' });
});

const SHARED = '../shared/models/random/qwen2-Q8_0.gguf';
test.skipIf(!existsSync(SHARED))(
  'a real converter’s file (../shared, skipped when absent) is cut at its tensors',
  async () => {
    const { manifest } = await buildModel(memoryFile(new Uint8Array(readFileSync(SHARED))), { signer });
    expect(manifest).toMatchObject({ architecture: 'qwen2', quantisation: 'Q8_0' });
    expect(
      openManifest((await buildModel(memoryFile(new Uint8Array(readFileSync(SHARED))), { signer })).manifestBytes)
        .manifest.root,
    ).toBe(manifest.root);
  },
);
