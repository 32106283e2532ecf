import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createPagePool } from './page-pool.ts';
import { planStep, type Plannable } from './plan-step.ts';

interface Run extends Plannable {
  scheduled: number;
}

function running(known: number, scheduled: number, wantsAll: boolean, ahead = 0): Run {
  return { known, scheduled, wantsAll, maxPositions: known + ahead, mayRunAhead: ahead > 0 };
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
        const sequences = parts.map(([length, done, all]) => running(length, Math.min(done, length - 1), all));
        const shares = planStep(sequences, limits);
        const sum = (of: (share: (typeof shares)[number]) => number) =>
          shares.reduce((total, share) => total + of(share), 0);
        expect(shares.length).toBeGreaterThan(0);
        expect(sum(({ count }) => count)).toBeLessThanOrEqual(limits.maxRows);
        expect(sum(({ logitRows }) => logitRows)).toBeLessThanOrEqual(limits.maxLogitRows);
        for (const { run: of, first, count, logitRows } of shares) {
          expect(first).toBe(of.scheduled);
          expect(count).toBeGreaterThan(0);
          expect(first + count).toBeLessThanOrEqual(of.known);
          expect(logitRows).toBe(of.wantsAll ? count : Number(first + count === of.known));
        }
        for (const of of sequences.filter((s) => s.known - s.scheduled === 1))
          expect(shares.map((share) => share.run)).toContain(of);
      }),
    );
  });

  test('a prompt is cut to the budget and asks for logits only at its end', () => {
    const prompt = running(20, 0, false);
    const limits = { promptRows: 8, maxRows: 64, maxLogitRows: 8 };
    const seen: number[][] = [];
    while (prompt.scheduled < 20) {
      const [share] = planStep([prompt], limits);
      prompt.scheduled += share?.count ?? 20;
      seen.push([share?.count ?? 0, share?.logitRows ?? 0]);
    }
    expect(seen).toEqual([
      [8, 0],
      [8, 0],
      [4, 1],
    ]);
  });
});

test('a short prompt does not wait for a long one that came first, and the long one not for short ones', () => {
  const limits = { promptRows: 8, maxRows: 64, maxLogitRows: 8 };
  const long = running(100, 0, false);
  const counts = (runs: Run[]) => new Map(planStep(runs, limits).map(({ run, count }) => [run, count] as const));
  const short = running(30, 26, false);
  expect(counts([long, short])).toEqual(
    new Map([
      [long, 4],
      [short, 4],
    ]),
  );
  const many = Array.from({ length: 5 }, () => running(30, 25, false));
  expect(counts([long, ...many]).get(long)).toBe(4);
  // Alike, they come to an end one after the other: side by side, all would end as late as the last.
  expect(counts([running(100, 0, false), running(100, 0, false)]).size).toBe(1);
});

test('a sequence runs ahead of what is known of it, a row a step, and never computes its last token', () => {
  const run = running(5, 4, false, 3);
  const seen: number[] = [];
  for (let step = 0; step < 6; step++) {
    const [share] = planStep([run], { promptRows: 8, maxRows: 64, maxLogitRows: 8 });
    if (!share) break;
    expect(share).toMatchObject({ first: run.scheduled, count: 1, logitRows: 1 });
    seen.push(share.first);
    run.scheduled += share.count;
  }
  expect(seen).toEqual([4, 5, 6]);
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
