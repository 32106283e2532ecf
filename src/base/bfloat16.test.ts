import { expect, test } from 'vitest';
import { createRandom } from './random.ts';
import { bfloat16Bits, bfloat16ToNumber, LARGEST_BFLOAT16 } from './bfloat16.ts';

test('every bfloat16 comes back as itself', () => {
  for (let bits = 0; bits < 0x1_0000; bits++) {
    const value = bfloat16ToNumber(bits);
    if (!Number.isNaN(value)) expect(bfloat16Bits(value)).toBe(bits);
  }
});

test('a number goes to its nearest neighbour, between two to the even one', () => {
  const random = createRandom(5);
  for (let i = 0; i < 5000; i++) {
    const value = Math.fround((random.uniform() - 0.5) * 2 ** (random.below(60) - 30));
    const found = bfloat16ToNumber(bfloat16Bits(value));
    // The spacing of bfloat16 is a 128th of the power of two below.
    const step = 2 ** (Math.floor(Math.log2(Math.abs(value))) - 7);
    expect(Math.abs(found - value)).toBeLessThanOrEqual(step / 2);
  }
  expect(bfloat16ToNumber(bfloat16Bits(1 + 1 / 256))).toBe(1);
  expect(bfloat16ToNumber(bfloat16Bits(1 + 3 / 256))).toBe(1 + 1 / 64);
});

test('what is beyond the greatest is infinite, and what is no number stays none', () => {
  expect(bfloat16ToNumber(bfloat16Bits(LARGEST_BFLOAT16))).toBe(LARGEST_BFLOAT16);
  expect(bfloat16ToNumber(bfloat16Bits(-3.4e38))).toBe(-Infinity);
  expect(bfloat16ToNumber(bfloat16Bits(Infinity))).toBe(Infinity);
  expect(bfloat16ToNumber(bfloat16Bits(Number.NaN))).toBeNaN();
});
