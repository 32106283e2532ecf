import { halfBits, halfToNumber } from '../../base/half.ts';
import type { KvType } from './kv-type.ts';

const LARGEST_HALF = 65504;

/** What a cache of a type gives back for a key or value of one head. */
export function keptReference(type: KvType, head: ArrayLike<number>): Float64Array {
  const numbers = Float64Array.from(head);
  if (type === 'f32') return numbers;
  if (type === 'f16')
    return numbers.map((v) => halfToNumber(halfBits(Math.max(-LARGEST_HALF, Math.min(LARGEST_HALF, v)))));
  const step = stepReference(numbers);
  return numbers.map((v) => step * Math.max(-127, Math.min(127, roundToEven(v / step))));
}

/** The step of int8 codes: the greatest number / 127, in f32. */
export function stepReference(head: ArrayLike<number>): number {
  const largest = Array.from(head).reduce((most, v) => Math.max(most, Math.abs(v)), 1e-30);
  return Math.fround(Math.fround(largest) * Math.fround(1 / 127));
}

/** The nearest whole number, of two the even one. */
export function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const isDown = value - floor < 0.5 || (value - floor === 0.5 && floor % 2 === 0);
  return isDown ? floor : floor + 1;
}
