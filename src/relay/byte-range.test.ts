import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseByteRange } from './byte-range.ts';

test.each([
  ['bytes=0-3', { start: 0, end: 3 }],
  ['bytes=5-', { start: 5, end: 9 }],
  ['bytes=-4', { start: 6, end: 9 }],
  ['bytes=-99', { start: 0, end: 9 }],
  ['bytes=8-99', { start: 8, end: 9 }],
  ['BYTES=1-1', { start: 1, end: 1 }],
  ['bytes=10-', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=999999999999999-', 'unsatisfiable'],
  // Malformed, in another unit, or several: RFC 9110 lets a server ignore these, and the whole file is the answer.
  ['bytes=3-2', undefined],
  ['bytes=-', undefined],
  ['bytes=0-1,3-4', undefined],
  ['bytes=0x1-2', undefined],
  ['lines=0-1', undefined],
  ['', undefined],
  [null, undefined],
])('of 10 bytes, %s is %o', (header, expected) => {
  expect(parseByteRange(header, 10)).toEqual(expected);
});

test('whatever the header says, a range lies inside the file', () => {
  const part = fc.oneof(fc.nat(40).map(String), fc.constant(''), fc.string({ maxLength: 20 }));
  fc.assert(
    fc.property(part, part, fc.integer({ min: 1, max: 30 }), (first, last, size) => {
      const range = parseByteRange(`bytes=${first}-${last}`, size);
      if (range === undefined || range === 'unsatisfiable') return;
      expect(range.start).toBeGreaterThanOrEqual(0);
      expect(range.end).toBeGreaterThanOrEqual(range.start);
      expect(range.end).toBeLessThan(size);
    }),
    { numRuns: 2_000 },
  );
});
