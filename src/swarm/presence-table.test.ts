import { expect, test } from 'vitest';
import type { ModelRoot, PeerId } from '../base/branded.ts';
import { createFakeClock } from '../base/fake-clock.ts';
import { createRandom } from '../base/random.ts';
import { createSigner, MAX_CLOCK_SKEW_MS, sealEnvelope, type Presence, type Signer } from '../protocol/index.ts';
import { ADVERT_LIFE_MS } from './constants.ts';
import { peerIdOf } from './identity.ts';
import { createPresencePublisher } from './presence-publisher.ts';
import { createPresenceTable } from './presence-table.ts';

const root = 'ab'.repeat(32) as ModelRoot;
const signerOf = (n: number) => {
  const seed = new Uint8Array(32);
  new DataView(seed.buffer).setUint32(0, n);
  return createSigner(seed);
};
let nonces = 0;

function advertOf(signer: Signer, atMs: number, change: Partial<Presence> = {}): Uint8Array {
  nonces += 1;
  const nonce = new Uint8Array(16);
  new DataView(nonce.buffer).setUint32(0, nonces);
  return sealEnvelope(signer, 'starling/presence/1', {
    t: 'swarm/presence',
    v: 1,
    atMs,
    nonce,
    expiresAtMs: atMs + ADVERT_LIFE_MS,
    models: [{ root, freeSlots: 1, tokensPerSecond: 2 }],
    agent: 'test',
    ...change,
  });
}

function createTable(maxPeers = 100) {
  const clock = createFakeClock();
  const left: PeerId[] = [];
  const changes = { count: 0 };
  const table = createPresenceTable(
    { clock },
    { onChange: () => (changes.count += 1), onLeave: (p) => left.push(p) },
    { maxPeers },
  );
  return { clock, table, left, changes };
}

test('an advert is heard, lasts 15 s by our clock, and a goodbye ends it at once', async () => {
  const { clock, table, left } = createTable();
  const signer = signerOf(1);
  const peer = peerIdOf(signer.publicKey);
  // The peer's clock is 50 s ahead.
  expect(table.admit(advertOf(signer, clock.now() + 50_000), peer)).toBe(true);
  expect(table.serving(root)).toEqual([{ peer, freeSlots: 1, tokensPerSecond: 2 }]);
  await clock.advance(ADVERT_LIFE_MS - 1);
  table.sweep();
  expect(table.peers()).toHaveLength(1);
  await clock.advance(1);
  table.sweep();
  expect(table.peers()).toEqual([]);
  expect(left).toEqual([peer]);
  const again = clock.now() + 50_000;
  expect(table.admit(advertOf(signer, again), peer)).toBe(true);
  const late = advertOf(signer, again + 1);
  expect(table.admit(advertOf(signer, again + 2, { expiresAtMs: again }), peer)).toBe(true);
  expect(table.peers()).toEqual([]);
  // What was on its way when it left does not bring it back.
  expect(table.admit(late, peer)).toBe(true);
  expect(table.peers()).toEqual([]);
});

test('forged, foreign, replayed, old, early and long-lived adverts are refused and counted by name', () => {
  const { clock, table } = createTable();
  const [signer, other] = [signerOf(1), signerOf(2)];
  const peer = peerIdOf(signer.publicKey);
  const now = clock.now();
  const good = advertOf(signer, now);
  expect(table.admit(good, peer)).toBe(true);
  expect(table.admit(good, peer)).toBe(false);
  expect(table.admit(advertOf(signer, now), peerIdOf(other.publicKey))).toBe(false);
  expect(table.admit(advertOf(signer, now + MAX_CLOCK_SKEW_MS + 1), peer)).toBe(false);
  expect(table.admit(advertOf(signer, now - 600_000), peer)).toBe(false);
  expect(table.admit(advertOf(signer, now + 1, { expiresAtMs: now + 600_000 }), peer)).toBe(false);
  const damaged = Uint8Array.from(good);
  damaged[damaged.length - 1] = (damaged.at(-1) ?? 0) ^ 1;
  expect(table.admit(damaged, peer)).toBe(false);
  expect(table.admit(new Uint8Array(40_000), peer)).toBe(false);
  expect(table.refusals()).toEqual({
    replayed: 1,
    'advert-refused': 2,
    'from-the-future': 1,
    expired: 1,
    'bad-signature': 1,
    'too-large': 1,
  });
  expect(table.peers()).toHaveLength(1);
});

test('a crowd of invented peers does not push out those who are known', () => {
  const { clock, table } = createTable(30);
  for (let i = 0; i < 80; i++) {
    const signer = signerOf(i);
    table.admit(advertOf(signer, clock.now()), peerIdOf(signer.publicKey));
  }
  expect(table.peers()).toHaveLength(30);
  expect(table.get(peerIdOf(signerOf(0).publicKey))).toBeDefined();
  expect(table.refusals()).toEqual({ 'advert-refused': 50 });
});

test('random bytes never raise anything', () => {
  const { clock, table } = createTable();
  const random = createRandom(5);
  const source = advertOf(signerOf(1), clock.now());
  for (let i = 0; i < 2_000; i++) {
    const bytes = i % 2 === 0 ? Uint8Array.from(source) : new Uint8Array(random.below(300));
    for (let n = 0; n < 3; n++) if (bytes.length > 0) bytes[random.below(bytes.length)] = random.below(256);
    table.admit(bytes, 'x'.repeat(random.below(80)));
  }
  expect(table.peers()).toEqual([]);
});

test('a node speaks every 5 s and on change, never twice within one moment, and says goodbye', async () => {
  const { clock, table } = createTable();
  const signer = signerOf(1);
  const peer = peerIdOf(signer.publicKey);
  const sizes: number[] = [];
  const publisher = createPresencePublisher({ clock, signer }, (_topic, bytes) => {
    expect(table.admit(bytes, peer)).toBe(true);
    sizes.push(table.peers().length);
    return Promise.resolve();
  });
  for (let i = 0; i < 10; i++) publisher.announce({ models: [{ root, freeSlots: i, tokensPerSecond: 1 }], agent: 'a' });
  await clock.advance(1_000);
  expect(sizes).toEqual([1]);
  expect(table.serving(root)[0]?.freeSlots).toBe(9);
  await clock.advance(20_000);
  expect(sizes).toHaveLength(5);
  await publisher.stop();
  expect(table.peers()).toEqual([]);
  await clock.advance(20_000);
  expect(sizes).toHaveLength(6);
});
