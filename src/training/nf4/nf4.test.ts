import { expect, test } from 'vitest';
import { createRandom } from '../../base/random.ts';
import { dynamicMap } from '../model/dynamic-map.ts';
import { relativeError } from '../testing/random-model.ts';
import { doubleQuantise, NF4_LEVELS, NF4_THRESHOLDS, nf4Places } from './nf4.ts';
import { dequantiseNf4, quantiseNf4 } from './nf4.reference.ts';

/** Where the normal distribution has so much mass below, by bisection of its series (Marsaglia 2004). */
function quantile(mass: number): number {
  const below = (x: number) => {
    let [sum, term] = [x, x];
    for (let i = 3; Math.abs(term) > 1e-18; i += 2) sum += term *= (x * x) / i;
    return 0.5 + sum * Math.exp((-x * x) / 2 - 0.5 * Math.log(2 * Math.PI));
  };
  let [low, high] = [-5, 5];
  for (let i = 0; i < 80; i++) {
    const middle = (low + high) / 2;
    if (below(middle) < mass) low = middle;
    else high = middle;
  }
  return low;
}

test('the levels are quantiles of the normal distribution over their largest', () => {
  const edge = 0.9677083;
  const points = (count: number) =>
    Array.from({ length: count - 1 }, (_, i) => edge - ((edge - 0.5) * i) / (count - 1));
  const positive = points(9).map(quantile);
  const negative = points(8).map((mass) => -quantile(mass));
  const top = Math.max(...positive);
  const levels = [...negative, 0, ...positive].map((level) => level / top).toSorted((a, b) => a - b);
  levels.forEach((level, i) => expect(Math.abs(level - (NF4_LEVELS[i] ?? 9))).toBeLessThan(1e-6));
  expect(NF4_THRESHOLDS[0]).toBeCloseTo(-0.84809637, 7);
  expect(NF4_THRESHOLDS[14]).toBeCloseTo(0.86147845, 6);
});

test('the dynamic maps have 256 values over seven decades', () => {
  const [signed, unsigned] = [dynamicMap(true), dynamicMap(false)];
  expect([signed.length, new Set(signed).size, signed.indexOf(0)]).toEqual([256, 256, 127]);
  expect([unsigned.length, new Set(unsigned).size, unsigned[0], unsigned[255]]).toEqual([256, 256, 0, 1]);
  expect(signed[255]).toBe(1);
  expect(signed[0]).toBeCloseTo(-0.99297, 5);
  expect(signed[128]).toBeCloseTo(5.5e-7, 9);
});

test('normal weights lose 9.2 % of their norm, and the second quantisation adds next to nothing', () => {
  const random = createRandom(1);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
  const values = Float32Array.from({ length: 200_000 }, () => 0.02 * normal());
  const matrix = quantiseNf4(values);
  const simple = Float64Array.from(
    values,
    (_, i) => (NF4_LEVELS[matrix.codes[i] ?? 0] ?? 0) * (matrix.absmax[Math.floor(i / 64)] ?? 0),
  );
  const twice = dequantiseNf4(matrix, values.length);
  expect(relativeError(simple, values)).toBeCloseTo(0.0922, 3);
  expect(relativeError(twice, values)).toBeCloseTo(0.0922, 3);
  const bits = (32 * nf4Places(50_000_000).end) / 50_000_000;
  expect(bits).toBeCloseTo(4.127, 3);
});

test('equal scales, zeros and ties', () => {
  expect(doubleQuantise(new Float32Array(300).fill(0.5)).offset).toBe(0.5);
  expect([...dequantiseNf4(quantiseNf4(new Float32Array(128)), 128)].every((value) => value === 0)).toBe(true);
  const half = NF4_THRESHOLDS[9] ?? 0;
  const { codes } = quantiseNf4(Float32Array.of(1, half, half + 1e-6));
  expect([...codes.subarray(0, 3)]).toEqual([15, 9, 10]);
});
