import type { Bytes } from '../../base/bytes.ts';
import { halfBits, halfToNumber } from '../../base/half.ts';

/** A matrix of 4-bit codes in groups of inputs: weight (o, i) = scale(g, o) · (code(i, o) − zero(g, o)), g = ⌊i / groupSize⌋. */
export interface Int4Matrix {
  readonly inputs: number;
  readonly outputs: number;
  /** A multiple of 32 that divides `inputs`. */
  readonly groupSize: number;
  code(input: number, output: number): number;
  /** 0 to 15. */
  zero(group: number, output: number): number;
  /** Bits of a half-precision number. */
  scaleBits(group: number, output: number): number;
}

const BLOCK = 32;
const Q4_0_BYTES = 18;
const Q4_1_BYTES = 20;
/** The code that stands for zero in Q4_0. */
export const Q4_0_ZERO = 8;

/**
 * The same weights as rows of Q4_1 blocks (f16 step d, f16 minimum m, w = d · code + m). Codes and steps are kept as they
 * are; m = −step · zero is rounded to f16, by at most 15/2048 of a step, where an int4 weight is itself off by up to a half.
 *
 * @param sourceRow which output becomes row `row`
 */
export function toQ4_1(matrix: Int4Matrix, sourceRow: (row: number) => number): Bytes {
  const { inputs, outputs, groupSize } = matrix;
  const bytes = new Uint8Array(outputs * (inputs / BLOCK) * Q4_1_BYTES);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (let row = 0; row < outputs; row++) {
    const output = sourceRow(row);
    for (let first = 0; first < inputs; first += BLOCK) {
      const group = Math.floor(first / groupSize);
      const bits = matrix.scaleBits(group, output);
      const minimum = -halfToNumber(bits) * matrix.zero(group, output);
      view.setUint16(at, bits, true);
      view.setUint16(at + 2, halfBits(minimum), true);
      fillCodes(bytes, at + 4, matrix, first, output);
      at += Q4_1_BYTES;
    }
  }
  return bytes;
}

/** The same weights, whose zeros are all 8, as rows of Q4_0 blocks (f16 step d, w = d · (code − 8)): exactly. */
export function toQ4_0(matrix: Int4Matrix, sourceRow: (row: number) => number): Bytes {
  const { inputs, outputs, groupSize } = matrix;
  const bytes = new Uint8Array(outputs * (inputs / BLOCK) * Q4_0_BYTES);
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (let row = 0; row < outputs; row++) {
    const output = sourceRow(row);
    for (let first = 0; first < inputs; first += BLOCK) {
      view.setUint16(at, matrix.scaleBits(Math.floor(first / groupSize), output), true);
      fillCodes(bytes, at + 2, matrix, first, output);
      at += Q4_0_BYTES;
    }
  }
  return bytes;
}

/** The first 16 codes of a block are the low halves of its bytes, the others the high ones. */
function fillCodes(bytes: Bytes, at: number, matrix: Int4Matrix, first: number, output: number): void {
  for (let j = 0; j < BLOCK / 2; j++) {
    const low = matrix.code(first + j, output);
    const high = matrix.code(first + j + BLOCK / 2, output);
    bytes[at + j] = low | (high << 4);
  }
}
