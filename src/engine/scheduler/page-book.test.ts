import fc from 'fast-check';
import { expect, test } from 'vitest';
import { PageBook, type SequencePages } from './page-book.ts';
import type { Sequence } from './sequence.ts';

const PAGES = 12;

function sequence(tokens: number[], maxPositions: number, space: string): Sequence {
  return {
    id: '',
    tokens,
    maxPositions,
    wantsAll: false,
    readsLogits: false,
    draw: {
      sampling: { temperature: 0, topK: 0, topP: 1, seed: 0 },
      record: 0,
      wantsLogProbability: false,
      isMasked: false,
    },
    requester: '',
    space,
    readsStates: false,
    adapter: undefined,
    constraint: undefined,
    maySpeculate: false,
    take: () => false,
    cancel: () => undefined,
    fail: () => undefined,
  };
}

const range = (count: number, from = 0) => Array.from({ length: count }, (_, i) => from + i);

function book(sharesPrefixes = true) {
  const table = new Map<number, readonly number[]>();
  return {
    table,
    book: new PageBook({ pages: PAGES, sharesPrefixes, setPages: (slot, pages) => table.set(slot, [...pages]) }),
  };
}

test('what was computed is shared by a sequence that begins alike, but not its last token and not by another adapter', () => {
  const { book: pages, table } = book();
  const first = pages.open(sequence(range(40), 60, 'a'), 0);
  expect(first?.sharedPositions).toBe(0);
  first?.keep(39);
  expect(first?.sharedPositions).toBe(32);
  const same = pages.open(sequence(range(33), 48, 'a'), 1);
  expect(same?.sharedPositions).toBe(32);
  expect(table.get(1)?.slice(0, 2)).toEqual(table.get(0)?.slice(0, 2));
  expect(pages.open(sequence(range(32), 48, 'a'), 2)?.sharedPositions).toBe(16);
  expect(pages.open(sequence(range(33), 33, 'b'), 3)?.sharedPositions).toBe(0);
});

test('a sequence catches up with one that computes the same, and gives its own pages back', () => {
  const { book: pages, table } = book();
  const first = pages.open(sequence(range(64), 64, ''), 0);
  const second = pages.open(sequence([...range(48), 99], 64, ''), 1);
  expect(second?.willShare(first as SequencePages)).toBe(true);
  first?.keep(48);
  expect(second?.catchUp(0)).toBe(48);
  expect(table.get(1)?.slice(0, 3)).toEqual(table.get(0)?.slice(0, 3));
  // 4 + 4 pages less the 3 shared leave 7.
  expect(pages.open(sequence(range(10, 500), 7 * 16, ''), 2)).toBeDefined();
  expect(pages.open(sequence(range(10, 700), 16, ''), 3)).toBeUndefined();
});

test('idle pages are had back when others need them, those used longest ago first', () => {
  const { book: pages } = book();
  for (const from of [0, 100, 200]) {
    const run = pages.open(sequence(range(33, from), 33, ''), 0);
    run?.keep(33);
    run?.close();
  }
  pages.open(sequence(range(33, 0), 33, ''), 0)?.close();
  const large = pages.open(sequence(range(5, 900), (PAGES - 4) * 16, ''), 1);
  expect(large).toBeDefined();
  large?.close();
  expect(pages.open(sequence(range(33, 100), 33, ''), 2)?.sharedPositions).toBe(0);
  expect(pages.open(sequence(range(33, 0), 33, ''), 3)?.sharedPositions).toBe(32);
});

test('no page is ever lent twice unless it holds the same tokens, whatever comes and goes', () => {
  const step = fc.record({
    slot: fc.nat(3),
    kind: fc.constantFrom('open', 'go', 'close'),
    head: fc.nat(2),
    size: fc.nat(70),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), fc.boolean(), (steps, shares) => {
      const { book: pages, table } = book(shares);
      const runs = new Map<number, { run: SequencePages; of: Sequence; scheduled: number }>();
      for (const { slot, kind, head, size } of steps) {
        const known = runs.get(slot);
        if (kind === 'open' && !known) {
          const of = sequence([...range(20, head * 100), ...range(size, head * 1000)], 20 + size + 8, '');
          const run = pages.open(of, slot);
          if (run) runs.set(slot, { run, of, scheduled: run.sharedPositions });
        }
        if (kind === 'go' && known) {
          known.scheduled = Math.min(known.run.catchUp(known.scheduled) + 7, known.of.tokens.length);
          known.run.keep(known.scheduled);
        }
        if (kind === 'close' && known) {
          known.run.close();
          runs.delete(slot);
        }
        const holders = new Map<number, string>();
        for (const [at, { of }] of runs) {
          const lent = table.get(at) ?? [];
          expect(lent.length).toBe(Math.ceil(of.maxPositions / 16));
          expect(new Set(lent).size).toBe(lent.length);
          for (const [i, page] of lent.entries()) {
            const content = of.tokens.slice(0, (i + 1) * 16).join();
            const other = holders.get(page);
            if (other !== undefined) expect(other).toBe(content);
            holders.set(page, content);
          }
        }
        expect(holders.size).toBeLessThanOrEqual(PAGES);
      }
      for (const { run } of runs.values()) run.close();
      // Everything comes back: all pages can be lent at once.
      expect(pages.open(sequence([5], PAGES * 16, ''), 0)).toBeDefined();
    }),
  );
});
