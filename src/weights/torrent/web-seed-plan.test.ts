import { expect, test } from 'vitest';
import { createRandom } from '../../base/random.ts';
import { WebSeedPlan, type SwarmView } from './web-seed-plan.ts';

const chunks = (count: number) => Array.from({ length: count }, (_, i) => i);
const view = (more: Partial<SwarmView> = {}): SwarmView => ({
  elapsedMs: 3000,
  missing: chunks(256),
  granted: new Set(),
  selfId: 'self',
  others: [],
  countedOthers: 0,
  peerBytesPerSecond: 0,
  isWebOnly: false,
  ...more,
});
const peer = (id: string, held: readonly number[] = []) => ({ id, has: (chunk: number) => held.includes(chunk) });
const plan = () => new WebSeedPlan(createRandom(1));

test('before the tracker answered nothing is granted; without an answer everything after a grace', () => {
  expect(plan().next(view({ countedOthers: undefined, elapsedMs: 500 }))).toEqual([]);
  expect(plan().next(view({ countedOthers: undefined, elapsedMs: 1600 })).length).toBeGreaterThan(0);
});

test('alone, the web seed gives everything, twice as much at each tick', () => {
  const alone = plan();
  const granted = new Set<number>();
  const counts = chunks(6).map(() => {
    const next = alone.next(view({ granted }));
    for (const chunk of next) granted.add(chunk);
    return next.length;
  });
  expect(counts).toEqual([8, 16, 32, 64, 128, 8]);
  expect(granted.size).toBe(256);
});

test('three that arrive together take different chunks from the web seed, all of them in the end', () => {
  const ids = ['a', 'b', 'c'];
  const taken = ids.map((selfId) => {
    const own = plan();
    const missing = new Set(chunks(256));
    const all: number[] = [];
    for (let tick = 0; tick < 40; tick++) {
      const others = ids.filter((id) => id !== selfId).map((id) => peer(id));
      // Peers send plenty, so the floor stays shut.
      const next = own.next(view({ selfId, others, missing: [...missing], peerBytesPerSecond: 1e9, countedOthers: 2 }));
      for (const chunk of next) missing.delete(chunk);
      all.push(...next);
    }
    return all;
  });
  expect(taken.flat().toSorted((x, y) => x - y)).toEqual(chunks(256));
});

test('what a peer has is left to the peer while peers are quick', () => {
  const others = [peer('full', chunks(256))];
  expect(plan().next(view({ others, peerBytesPerSecond: 1e7 }))).toEqual([]);
});

test('while peers are slow the web seed helps out, more at each tick, and stops when they are quick again', () => {
  const slow = plan();
  const others = [peer('full', chunks(256))];
  const count = (peerBytesPerSecond: number) => slow.next(view({ others, peerBytesPerSecond })).length;
  expect([count(0), count(0), count(0)]).toEqual([1, 2, 4]);
  expect(count(1e7)).toBe(0);
  expect(count(1000)).toBe(1);
});

test('others whom the tracker counted but nobody reached yet hold their shares for a while', () => {
  const first = plan().next(view({ countedOthers: 3, elapsedMs: 2000 }));
  expect(first.length).toBeGreaterThan(0);
  expect(first.length).toBeLessThanOrEqual(16);
  const afterwards = plan();
  let total = 0;
  for (let i = 0; i < 6; i++) total += afterwards.next(view({ countedOthers: 3, elapsedMs: 9000 })).length;
  expect(total).toBeGreaterThanOrEqual(248);
});

test('when only the web seed is trusted it is granted all', () => {
  expect(plan().next(view({ isWebOnly: true, others: [peer('x')] }))).toHaveLength(256);
});
