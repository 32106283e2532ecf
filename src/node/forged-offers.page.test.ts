import { expect, test } from 'vitest';
import { writeGgufLora } from '../adapters/index.ts';
import { adaptedTensors } from '../adapters/adapted-tensors.ts';
import type { AdapterRoot, ModelRoot } from '../base/branded.ts';
import type { Bytes } from '../base/bytes.ts';
import { systemClock } from '../base/clock.ts';
import type { ModelConfig } from '../engine/index.ts';
import { createSigner, type AdapterCard } from '../protocol/index.ts';
import { identityOf } from '../swarm/index.ts';
import { buildModel } from '../weights/page-index.ts';
import type { AdapterDocuments } from '../work/index.ts';
import { openNodeStorage } from './node-storage.ts';
import { createShelf } from './shelf.ts';

const CONFIG = {
  architecture: 'llama',
  layers: 1,
  width: 8,
  ffnWidth: 16,
  heads: 2,
  kvHeads: 1,
  headSize: 4,
} as ModelConfig;
const BASE = 'b'.repeat(64) as ModelRoot;
const PEER = identityOf(new Uint8Array(32).fill(1));
const STRANGER = identityOf(new Uint8Array(32).fill(2));

/** An adapter as a peer publishes it: what it tells everybody, and what it sends to whoever asks. */
async function publish(seed: Uint8Array, value: number) {
  const weights = new Map(
    adaptedTensors(CONFIG).map(({ gguf, inputs, outputs }) => [
      gguf,
      { rank: 2, scale: 1, a: new Float32Array(2 * inputs).fill(value), b: new Float32Array(2 * outputs).fill(1) },
    ]),
  );
  const name = 'dialect.gguf';
  const bytes: Bytes = writeGgufLora({ weights, form: { rank: 2, alpha: 2 } }, CONFIG, { name, base: BASE });
  const file = {
    name,
    sizeBytes: bytes.length,
    read: (start: number, end: number) => Promise.resolve(bytes.slice(start, end)),
  };
  const built = await buildModel(file, { signer: createSigner(seed), licence: 'CC-BY-4.0' });
  const { root, sizeBytes, infoHash, adapter } = built.manifest;
  if (!adapter) throw new TypeError('an adapter says what it changes');
  const card: AdapterCard = {
    root: root as string as AdapterRoot,
    name,
    sizeBytes,
    infoHash,
    facts: adapter,
    licence: 'CC-BY-4.0',
  };
  return { card, documents: { manifestBytes: built.manifestBytes, torrent: built.torrent } };
}

const honest = await publish(PEER.seed, 1);
const other = await publish(PEER.seed, 2);
const strangers = await publish(STRANGER.seed, 1);
const spoilt = (bytes: Bytes, at: number): Bytes => {
  const copy = bytes.slice();
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
};

const storage = openNodeStorage({ t: 'own' });

function openShelf(card: AdapterCard, documents: AdapterDocuments) {
  const components = {
    storage,
    offer: () => undefined,
    loadedModel: () => undefined,
    clock: systemClock,
    log: () => undefined,
    signer: createSigner(new Uint8Array(32).fill(3)),
    shared: () => [{ author: PEER.peerId, card }],
    ask: async () => documents,
  };
  return createShelf(components, () => undefined);
}

const { manifestBytes, torrent } = honest.documents;
test.each([
  [
    'whose signature is spoilt',
    { manifestBytes: spoilt(manifestBytes, manifestBytes.length - 1) },
    {},
    'bad-signature',
  ],
  ['whose content is spoilt', { manifestBytes: spoilt(manifestBytes, manifestBytes.length >> 1) }, {}, 'bad-signature'],
  ['that somebody else signed', { manifestBytes: strangers.documents.manifestBytes }, {}, 'manifest-invalid'],
  ['of another adapter', other.documents, {}, 'manifest-invalid'],
  ['of another rank than it tells', {}, { facts: { ...honest.card.facts, rank: 3 } }, 'bad-offer'],
  ['of another licence than it tells', {}, { licence: 'CC0-1.0' }, 'bad-offer'],
  ['with the torrent of another adapter', { torrent: other.documents.torrent }, {}, 'torrent-invalid'],
])('a peer’s manifest %s is refused by name, and nothing of it is kept', async (_, forged, told, code) => {
  const card = { ...honest.card, ...told };
  const shelf = openShelf(card, { manifestBytes, torrent, ...forged });
  await expect(shelf.download(card.root as string as ModelRoot)).rejects.toMatchObject({ code });
  expect(await storage.records.all()).toEqual([]);
  await shelf.stop();
});

test('an honest one is known from then on', async () => {
  const shelf = openShelf(honest.card, honest.documents);
  const root = honest.card.root as string as ModelRoot;
  expect((await shelf.source(root)).root).toBe(root);
  expect((await shelf.documents(root)).manifest.licence).toBe('CC-BY-4.0');
  await shelf.delete(root);
});
