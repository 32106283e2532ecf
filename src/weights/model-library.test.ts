import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, test } from 'vitest';
import type { ModelRoot } from '../base/branded.ts';
import { concatBytes, type Bytes } from '../base/bytes.ts';
import { createFakeClock, type FakeClock } from '../base/fake-clock.ts';
import { sha256, sha256Hex } from '../base/sha256.ts';
import { createSigner, type Manifest } from '../protocol/index.ts';
import { createIdbPieceStore } from './idb-piece-store.ts';
import { createIdbPartialStore } from './idb-partial-store.ts';
import { infoHashText } from './info-hash.ts';
import { createMemoryPieceStore } from './memory-piece-store.ts';
import { merkleRoot } from './merkle.ts';
import { ModelLibrary } from './model-library.ts';
import { createIdbModelRecords, createMemoryModelRecords } from './model-records.ts';
import { createMemoryPartialStore } from './partial-store.ts';
import type { PieceStore } from './piece-store.ts';
import { sealManifest } from './signed-manifest.ts';

const signer = createSigner(new Uint8Array(32).fill(5));
const MIB = 1024 * 1024;
const torrent = new Uint8Array([1]);
const piece = (fill: number, size = 1000) => new Uint8Array(size).fill(fill);

async function makeModel(name: string, pieces: readonly Bytes[]): Promise<{ manifest: Manifest; bytes: Bytes }> {
  const hashes = concatBytes(await Promise.all(pieces.map(sha256)));
  const sizes = pieces.map(({ byteLength }) => byteLength);
  const manifest: Manifest = {
    t: 'weights/manifest',
    v: 1,
    root: merkleRoot(hashes),
    name,
    sizeBytes: sizes.reduce((a, b) => a + b, 0),
    headerBytes: sizes[0] ?? 0,
    hashes,
    sizes,
    infoHash: new Uint8Array(20).fill(name.length),
    architecture: 'llama',
    quantisation: 'F32',
    parameters: 1,
    contextTokens: 1,
  };
  return { manifest, bytes: sealManifest(signer, manifest) };
}

interface Room {
  quota?: number;
  usage?: number;
}

describe.each([
  ['memory', createMemoryPieceStore, createMemoryModelRecords, createMemoryPartialStore],
  ['IndexedDB (fake)', createIdbPieceStore, createIdbModelRecords, createIdbPartialStore],
] as const)('model library over %s', (_, makePieces, makeRecords, makePartials) => {
  let library: ModelLibrary;
  let pieces: PieceStore;
  let clock: FakeClock;
  let room: Room;
  let persistAsked: number;
  const partials = makePartials();
  const put = async (...all: Bytes[]) => {
    for (const bytes of all) await pieces.put(await sha256Hex(bytes), bytes);
  };
  beforeEach(async () => {
    pieces = makePieces();
    await pieces.delete([...(await pieces.list()).keys()]);
    const records = makeRecords();
    for (const [root] of await records.all()) await records.delete(root);
    clock = createFakeClock();
    room = {};
    persistAsked = 0;
    library = new ModelLibrary({
      records,
      pieces,
      partials,
      clock,
      storage: {
        estimate: () => Promise.resolve(room),
        persist: () => {
          persistAsked++;
          return Promise.resolve(false);
        },
      },
    });
  });

  test('a model goes from known to partial to complete as its pieces arrive', async () => {
    const a = await makeModel('a', [piece(1), piece(2)]);
    await library.add(a.bytes, torrent);
    expect(await library.list()).toMatchObject([
      { root: a.manifest.root, state: 'known', heldBytes: 0, sizeBytes: 2000 },
    ]);
    await put(piece(1));
    expect(await library.list()).toMatchObject([{ state: 'partial', heldBytes: 1000 }]);
    await put(piece(2));
    expect(await library.list()).toMatchObject([{ state: 'complete', heldBytes: 2000, sharedBytes: 0 }]);
    expect((await library.get(a.manifest.root)).author).toEqual(signer.publicKey);
  });

  test('shared pieces are counted once on the device and survive the deletion of one of their models', async () => {
    const a = await makeModel('a', [piece(1), piece(2), piece(3)]);
    const b = await makeModel('bb', [piece(9), piece(2), piece(3)]);
    await library.add(a.bytes, torrent);
    await library.add(b.bytes, torrent);
    await put(piece(1), piece(2), piece(3), piece(9));
    expect(await library.heldBytes()).toBe(4000);
    expect((await library.list()).map(({ heldBytes, sharedBytes }) => [heldBytes, sharedBytes])).toEqual([
      [3000, 2000],
      [3000, 2000],
    ]);
    await partials.put(infoHashText(a.manifest), 4, piece(1));
    expect(await library.delete(a.manifest.root)).toBe(1000);
    expect(await partials.list(infoHashText(a.manifest))).toEqual([]);
    expect(await library.list()).toMatchObject([{ root: b.manifest.root, state: 'complete', sharedBytes: 0 }]);
    expect(await library.delete(b.manifest.root)).toBe(3000);
    expect(await library.heldBytes()).toBe(0);
  });

  test('a model in use is neither deleted nor in the eviction order, which is least recently used first', async () => {
    const models = await Promise.all([1, 2, 3].map((i) => makeModel('m'.repeat(i), [piece(i)])));
    for (const [i, model] of models.entries()) {
      await library.add(model.bytes, torrent);
      await put(piece(i + 1));
      await clock.advance(1000);
    }
    const [a, b, c] = models.map(({ manifest }) => manifest.root) as [ModelRoot, ModelRoot, ModelRoot];
    await library.touch(a);
    const order = async () => (await library.evictionOrder()).map(({ root }) => root);
    expect(await order()).toEqual([b, c, a]);
    const release = library.hold(b);
    expect(await order()).toEqual([c, a]);
    await expect(library.delete(b)).rejects.toMatchObject({ code: 'model-in-use' });
    release();
    release();
    expect(await order()).toEqual([b, c, a]);
  });

  test('room is checked before the first byte, for missing pieces only, and the shortfall is named', async () => {
    const a = await makeModel('a', [piece(1, MIB), piece(2, MIB)]);
    await library.add(a.bytes, torrent);
    room = { quota: 33 * MIB, usage: 0 };
    await expect(library.reserve(a.manifest.root)).rejects.toMatchObject({
      code: 'quota-exceeded',
      details: { missingBytes: MIB, value: 2 * MIB },
    });
    expect(persistAsked).toBe(1);
    await put(piece(1, MIB));
    await library.reserve(a.manifest.root);
    room = {};
    await library.reserve(a.manifest.root);
  });

  test('evicting frees the least recently used first, only as much as needed, and nothing if it cannot be enough', async () => {
    const old = await makeModel('old', [piece(1, MIB)]);
    const used = await makeModel('used', [piece(2, MIB)]);
    const fresh = await makeModel('fresh!', [piece(3, MIB)]);
    for (const model of [old, used, fresh]) {
      await library.add(model.bytes, torrent);
      await clock.advance(1000);
    }
    await put(piece(1, MIB), piece(2, MIB));
    room = { quota: 32 * MIB, usage: 2 * MIB };
    await expect(library.reserve(fresh.manifest.root, { canEvict: true })).rejects.toMatchObject({
      code: 'quota-exceeded',
    });
    expect(await library.heldBytes()).toBe(2 * MIB);
    room = { quota: 34 * MIB, usage: 2 * MIB };
    await expect(library.reserve(fresh.manifest.root)).rejects.toMatchObject({ details: { missingBytes: MIB } });
    await library.reserve(fresh.manifest.root, { canEvict: true });
    expect((await library.list()).map(({ root }) => root)).toEqual([fresh.manifest.root, used.manifest.root]);
  });

  test('changes are announced; unknown models have a name', async () => {
    let changes = 0;
    library.events.on('change', () => changes++);
    const a = await makeModel('a', [piece(1)]);
    await library.add(a.bytes, torrent);
    expect(changes).toBe(1);
    const stranger = 'f'.repeat(64) as ModelRoot;
    await expect(library.get(stranger)).rejects.toMatchObject({ code: 'model-unknown' });
    await expect(library.add(new Uint8Array(9), torrent)).rejects.toMatchObject({ name: 'ProtocolError' });
  });
});
