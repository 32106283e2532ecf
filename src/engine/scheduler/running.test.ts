import { expect, test } from 'vitest';
import { PageBook } from './page-book.ts';
import { planRunning } from './plan-running.ts';
import { Running } from './running.ts';
import type { Sequence } from './sequence.ts';

const limits = { slots: 8, contextTokens: 128, pages: 32, maxRows: 64, maxLogitRows: 8, kvType: 'f32' } as const;

/** A sequence whose text repeats, so that its next tokens can be guessed. */
function repeating(): Running {
  const tokens = [1, 2, 3, 4, 5, 1, 2, 3, 4, 5, 1, 2];
  const sequence = { tokens, maxPositions: 40, maySpeculate: true, space: '' } as unknown as Sequence;
  const pages = new PageBook({ pages: 32, sharesPrefixes: false, setPages: () => undefined }).open(sequence, 0);
  if (!pages) throw new TypeError('no pages');
  return new Running(sequence, 0, pages);
}

test('guesses behind the end of a prompt live on while an earlier part of it comes back', () => {
  const run = repeating();
  const scope = { limits, promptRows: 8, speculates: true };
  run.scheduled = 11;
  const [share] = planRunning([run], scope);
  expect(share).toMatchObject({ first: 11, count: 4, logitRows: 4 });
  run.scheduled = 15;
  run.settle(11);
  expect(run.scheduled).toBe(15);
  expect(planRunning([run], scope)).toEqual([]);
  // Its own step, of which only the first guess turned out right.
  (run.sequence.tokens as number[]).push(3, 9);
  run.settle(15);
  expect(run.scheduled).toBe(13);
});
