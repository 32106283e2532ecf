import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createPagePool } from './page-pool.ts';
import { planStep } from './plan-step.ts';
import type { Sequence } from './sequence.ts';

function sequence(id: number, length: number, computed: number, wantsAll: boolean): Sequence {
  return {
    id: String(id),
    tokens: Array.from({ length }, (_, i) => i),
    computed,
    maxPositions: length,
    wantsAll,
    readsLogits: wantsAll,
    take: () => false,
    cancel: () => undefined,
    fail: () => undefined,
  };
}

const some = fc.array(fc.tuple(fc.integer({ min: 1, max: 40 }), fc.nat(39), fc.boolean()), {
  minLength: 1,
  maxLength: 8,
});
const budget = fc.record({
  promptRows: fc.integer({ min: 1, max: 64 }),
  maxRows: fc.constantFrom(8, 64),
  maxLogitRows: fc.constant(8),
});

describe('planStep', () => {
  test('stays within its budget, lets decoding sequences go first and always gets on', () => {
    fc.assert(
      fc.property(some, budget, (parts, limits) => {
        const sequences = parts.map(([length, done, all], id) => sequence(id, length, Math.min(done, length - 1), all));
        const shares = planStep(sequences, limits);
        const sum = (of: (share: (typeof shares)[number]) => number) =>
          shares.reduce((total, share) => total + of(share), 0);
        expect(shares.length).toBeGreaterThan(0);
        expect(sum(({ count }) => count)).toBeLessThanOrEqual(limits.maxRows);
        expect(sum(({ logitRows }) => logitRows)).toBeLessThanOrEqual(limits.maxLogitRows);
        for (const { sequence: of, first, count, logitRows } of shares) {
          expect(first).toBe(of.computed);
          expect(count).toBeGreaterThan(0);
          expect(first + count).toBeLessThanOrEqual(of.tokens.length);
          expect(logitRows).toBe(of.wantsAll ? count : Number(first + count === of.tokens.length));
        }
        for (const of of sequences.filter((s) => s.tokens.length - s.computed === 1))
          expect(shares.map((share) => share.sequence)).toContain(of);
      }),
    );
  });

  test('a prompt is cut to the budget and asks for logits only at its end', () => {
    const prompt = sequence(0, 20, 0, false);
    const limits = { promptRows: 8, maxRows: 64, maxLogitRows: 8 };
    const seen: number[][] = [];
    while (prompt.computed < 20) {
      const [share] = planStep([prompt], limits);
      prompt.computed += share?.count ?? 20;
      seen.push([share?.count ?? 0, share?.logitRows ?? 0]);
    }
    expect(seen).toEqual([
      [8, 0],
      [8, 0],
      [4, 1],
    ]);
  });
});

test('pages are lent once and come back', () => {
  const pool = createPagePool(5);
  const first = pool.take(3);
  expect(pool.take(3)).toBeUndefined();
  const second = pool.take(2);
  expect(new Set([...(first ?? []), ...(second ?? [])])).toEqual(new Set([0, 1, 2, 3, 4]));
  pool.giveBack(first ?? []);
  expect(pool.free).toBe(3);
});
