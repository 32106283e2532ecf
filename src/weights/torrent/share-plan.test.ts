import { expect, test } from 'vitest';
import { isMyShare } from './share-plan.ts';

const peers = ['2d5757a1', '2d5757b2', '2d5757c3', '2d5757d4', '2d5757e5'];
const ownersOf = (chunk: number, all: readonly string[]) =>
  all.filter((self) =>
    isMyShare(
      chunk,
      self,
      all.filter((id) => id !== self),
    ),
  );

test('each chunk is exactly one tab’s share, whoever works it out', () => {
  for (let chunk = 0; chunk < 2000; chunk++) expect(ownersOf(chunk, peers)).toHaveLength(1);
});

test('shares are about equal: within 15 % of a fifth of 10,000 chunks (5 sigma is 10 %)', () => {
  const counts = new Map<string, number>();
  for (let chunk = 0; chunk < 10_000; chunk++) {
    for (const owner of ownersOf(chunk, peers)) counts.set(owner, (counts.get(owner) ?? 0) + 1);
  }
  for (const count of counts.values()) expect(Math.abs(count - 2000)).toBeLessThan(300);
});

test('a tab that leaves hands over its own chunks and no others', () => {
  const rest = peers.slice(1);
  for (let chunk = 0; chunk < 500; chunk++) {
    const [before] = ownersOf(chunk, peers);
    if (before !== peers[0]) expect(ownersOf(chunk, rest)).toEqual([before]);
  }
});

test('alone everything is mine', () => {
  expect(isMyShare(3, 'a', [])).toBe(true);
});
