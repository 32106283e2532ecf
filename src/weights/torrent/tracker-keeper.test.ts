import { expect, test } from 'vitest';
import type { Torrent } from 'webtorrent';
import { createFakeClock } from '../../base/fake-clock.ts';
import { createRandom } from '../../base/random.ts';
import { keepTrackers } from './tracker-keeper.ts';

function lostTracker() {
  const link = {
    reconnecting: true,
    destroyed: true,
    reconnectTimer: undefined,
    attempts: 0,
    _openSocket: () => void link.attempts++,
  };
  return link;
}
const torrentWith = (link: object) => ({ discovery: { tracker: { _trackers: [link] } } }) as unknown as Torrent;

test('a lost tracker is tried again within 4 s, then ever more rarely, and left alone once it is back', async () => {
  const clock = createFakeClock();
  const link = lostTracker();
  const stop = keepTrackers(torrentWith(link), clock, createRandom(1));
  await clock.advance(4000);
  expect(link.attempts).toBe(1);
  await clock.advance(120_000);
  expect(link.attempts).toBeGreaterThanOrEqual(5);
  expect(link.attempts).toBeLessThanOrEqual(14);
  const before = link.attempts;
  link.reconnecting = false;
  await clock.advance(60_000);
  expect(link.attempts).toBe(before);
  link.reconnecting = true;
  await clock.advance(4000);
  expect(link.attempts).toBe(before + 1);
  stop();
  await clock.advance(60_000);
  expect(link.attempts).toBe(before + 1);
});

test('an attempt that is under way is not disturbed', async () => {
  const clock = createFakeClock();
  const link = { ...lostTracker(), destroyed: false };
  const stop = keepTrackers(torrentWith(link), clock, createRandom(1));
  await clock.advance(60_000);
  expect(link.attempts).toBe(0);
  stop();
});
