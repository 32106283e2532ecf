import fc from 'fast-check';
import { expect, test } from 'vitest';
import { answerRange } from './byte-range.ts';

const file = { sizeBytes: 1000, etag: '"abc"' };

test.each([
  ['bytes=0-0', { status: 206, first: 0, last: 0 }],
  ['bytes=0-499', { status: 206, first: 0, last: 499 }],
  ['bytes=500-', { status: 206, first: 500, last: 999 }],
  ['bytes=-1', { status: 206, first: 999, last: 999 }],
  ['bytes=-5000', { status: 206, first: 0, last: 999 }],
  ['bytes=900-5000', { status: 206, first: 900, last: 999 }],
  ['bytes=1000-', { status: 416 }],
  ['bytes=5000-6000', { status: 416 }],
  ['bytes=-0', { status: 416 }],
  ['bytes=5-2', { status: 200 }],
  ['bytes=0-1,5-6', { status: 200 }],
  ['bytes=-', { status: 200 }],
  ['lines=0-1', { status: 200 }],
  [undefined, { status: 200 }],
] as const)('%s of 1000 bytes (RFC 9110, section 14)', (header, expected) => {
  expect(answerRange(header, undefined, file)).toEqual(expected);
});

test('a range counts only for the file that If-Range names', () => {
  expect(answerRange('bytes=0-1', '"abc"', file).status).toBe(206);
  expect(answerRange('bytes=0-1', '"other"', file).status).toBe(200);
  expect(answerRange('bytes=0-1', 'Wed, 21 Oct 2015 07:28:00 GMT', file).status).toBe(200);
});

test('whatever the header, a range that is served lies inside the file', () => {
  const header = fc.oneof(
    fc.string(),
    fc.tuple(fc.nat(2000), fc.nat(2000)).map(([a, b]) => `bytes=${a}-${b}`),
  );
  fc.assert(
    fc.property(header, (text) => {
      const answer = answerRange(text, undefined, file);
      return answer.status !== 206 || (answer.first >= 0 && answer.first <= answer.last && answer.last < 1000);
    }),
  );
});
