import { expect, test } from 'vitest';
import type { PeerId } from '../base/branded.ts';
import type { Presence } from '../protocol/index.ts';
import { createPublishedTorrents } from './published-torrents.ts';

const hash = (byte: number) => new Uint8Array(20).fill(byte);
const hex = (byte: number) => byte.toString(16).padStart(2, '0').repeat(20);

function advertOf(peer: string, hashes: readonly number[], lifeMs = 15_000) {
  const published = hashes.map((byte) => ({ infoHash: hash(byte) })) as Presence['published'];
  // The peer's clock is a year behind.
  return { peer: peer as PeerId, body: { atMs: 5, expiresAtMs: 5 + lifeMs, published } as Presence };
}

test('a torrent is known while its peer tells of it', () => {
  let nowMs = 1e12;
  const torrents = createPublishedTorrents(() => nowMs);
  torrents.take(advertOf('a', [1, 2]));
  torrents.take(advertOf('b', [2]));
  expect([1, 2, 3].map((byte) => torrents.has(hex(byte)))).toEqual([true, true, false]);
  torrents.take(advertOf('a', [3]));
  expect([1, 2, 3].map((byte) => torrents.has(hex(byte)))).toEqual([false, true, true]);
  torrents.take(advertOf('b', [], 0));
  expect(torrents.has(hex(2))).toBe(false);
  nowMs += 15_000;
  expect(torrents.has(hex(3))).toBe(false);
});

test('a crowd of invented peers costs bounded memory', () => {
  const torrents = createPublishedTorrents(() => 0);
  torrents.take(advertOf('first', [7]));
  for (let i = 0; i < 2_048; i++) torrents.take(advertOf(`peer ${i}`, [1]));
  expect(torrents.has(hex(7))).toBe(false);
  expect(torrents.has(hex(1))).toBe(true);
});
