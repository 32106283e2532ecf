import { expect, test } from 'vitest';
import { draftByNgram } from './ngram-draft.ts';

test('guesses what followed the last place that ends alike, three tokens before two', () => {
  expect(draftByNgram([1, 2, 3, 4, 5, 1, 2, 3], 2)).toEqual([4, 5]);
  expect(draftByNgram([1, 2, 3, 9, 2, 3, 7, 1, 2, 3], 3)).toEqual([9, 2, 3]);
  expect(draftByNgram([2, 3, 9, 2, 3, 7, 5, 2, 3], 3)).toEqual([7, 5, 2]);
  expect(draftByNgram([7, 7, 7, 7], 4)).toEqual([7]);
});

test('guesses nothing where the end is new', () => {
  expect(draftByNgram([1, 2, 3, 4], 3)).toEqual([]);
  expect(draftByNgram([1], 3)).toEqual([]);
  expect(draftByNgram([1, 2, 1, 2], 0)).toEqual([]);
});
