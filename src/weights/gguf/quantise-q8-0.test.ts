import fc from 'fast-check';
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { halfBits, halfToNumber } from '../../base/half.ts';
import { dequantise } from '../../engine/model/dequantise.reference.ts';
import { parseGgufHeader } from './header.ts';
import { quantiseQ8_0 } from './quantise-q8-0.ts';

test('every half-precision number keeps its bits, and halfway numbers go to the even one', () => {
  for (let bits = 0; bits < 0x10000; bits++) {
    const number = halfToNumber(bits);
    if (Number.isNaN(number)) continue;
    if (halfBits(number) !== bits) expect(halfBits(number), `${number}`).toBe(bits);
    const next = halfToNumber(bits + 1);
    if ((bits & 0x7fff) < 0x7bff) {
      const even = bits % 2 === 0 ? bits : bits + 1;
      if (halfBits((number + next) / 2) !== even) expect(halfBits((number + next) / 2), `${number}`).toBe(even);
    }
  }
  expect(halfBits(65_519.9)).toBe(0x7bff);
  expect(halfBits(65_520)).toBe(0x7c00);
  expect(Number.isNaN(halfToNumber(halfBits(Number.NaN)))).toBe(true);
});

const row = (length: number) =>
  fc.array(fc.float({ noNaN: true, min: -1e4, max: 1e4 }), { minLength: length, maxLength: length });

test('a number comes back within half a step, and the largest of a block exactly as far as f16 goes', () => {
  fc.assert(
    fc.property(row(64), (values) => {
      const back = dequantise('Q8_0', quantiseQ8_0(Float32Array.from(values)));
      for (let first = 0; first < values.length; first += 32) {
        const block = values.slice(first, first + 32);
        const top = Math.max(...block.map(Math.abs));
        // Half a step, and the rounding of the scale to f16 (2⁻¹¹, or half a subnormal step) on up to 127 steps.
        const tolerance = (top / 127) * 0.5001 + Math.max(top * 2 ** -11, 127 * 2 ** -25);
        for (const [i, value] of block.entries())
          expect(Math.abs((back[first + i] ?? 0) - value)).toBeLessThanOrEqual(tolerance);
      }
    }),
  );
});

test('codes round half away from zero, and a block of zeros stays one', () => {
  const values = Float32Array.from({ length: 32 }, (_, i) => (i === 0 ? 127 : i === 1 ? 2.5 : i === 2 ? -2.5 : 0));
  expect([...new Int8Array(quantiseQ8_0(values).buffer, 2, 4)]).toEqual([127, 3, -3, 0]);
  expect(quantiseQ8_0(new Float32Array(32))).toEqual(new Uint8Array(34));
});

test('refuses half a block and numbers that are not finite', () => {
  const code = (values: Float32Array) => {
    try {
      quantiseQ8_0(values);
      return 'fine';
    } catch (error) {
      return (error as { code?: string }).code;
    }
  };
  expect(code(new Float32Array(33))).toBe('gguf-tensor-shape');
  expect(code(new Float32Array(32).fill(Number.NaN))).toBe('gguf-tensor-shape');
  expect(code(new Float32Array(32).fill(Number.POSITIVE_INFINITY))).toBe('gguf-tensor-shape');
});

const folder = '../shared/models/stories260K';
test.skipIf(!existsSync(folder))('gives the bytes that ggml gave (skipped without ../shared/models)', () => {
  const read = (type: string) => new Uint8Array(readFileSync(`${folder}/stories260K-${type}.gguf`));
  const [exact, quantised] = [read('F32'), read('Q8_0')];
  const [from, to] = [parseGgufHeader(exact), parseGgufHeader(quantised)];
  let compared = 0;
  for (const { name, type, start, sizeBytes } of to.tensors) {
    if (type !== 'Q8_0') continue;
    const source = from.tensors.find((tensor) => tensor.name === name);
    if (source?.type !== 'F32') continue;
    const values = new Float32Array(exact.slice(source.start, source.start + source.sizeBytes).buffer);
    expect(quantiseQ8_0(values), name).toEqual(quantised.slice(start, start + sizeBytes));
    compared += 1;
  }
  expect(compared).toBeGreaterThan(10);
});
