import type { Int4Matrix } from './int4-blocks.ts';

/** Contents of the tensors of one quantised layer. */
export interface Int4Tensors {
  readonly inputs: number;
  readonly outputs: number;
  readonly groupSize: number;
  readonly codes: Uint32Array;
  /** (groups, outputs / 8) words of 8 zeros. */
  readonly zeros: Uint32Array;
  /** (groups, outputs) half-precision numbers. */
  readonly scales: Uint16Array;
}

/** Where the code of output 8 c + j lies in a word of AWQ: the even ones come first. */
const AWQ_PLACE = [0, 4, 1, 5, 2, 6, 3, 7] as const;

/**
 * AWQ's `gemm` layout: codes (inputs, outputs / 8), eight outputs to a word in the order 0 2 4 6 1 3 5 7, zeros alike.
 *
 * @see https://github.com/casper-hansen/AutoAWQ
 */
export function awqMatrix({ codes, zeros, scales, ...shape }: Int4Tensors): Int4Matrix {
  const { outputs } = shape;
  const words = outputs / 8;
  const nibble = (table: Uint32Array, row: number, output: number) =>
    ((table[row * words + (output >> 3)] ?? 0) >>> (4 * (AWQ_PLACE[(output & 7) as 0] ?? 0))) & 15;
  return {
    ...shape,
    code: (input, output) => nibble(codes, input, output),
    zero: (group, output) => nibble(zeros, group, output),
    scaleBits: (group, output) => scales[group * outputs + output] ?? 0,
  };
}

/**
 * GPTQ's layout: codes (inputs / 8, outputs), eight inputs to a word in order; zeros (groups, outputs / 8), eight outputs
 * to a word in order.
 *
 * @param zeroOffset 1 where zeros are stored less one (`gptq`), 0 where they are not (`gptq_v2`)
 * @see https://github.com/AutoGPTQ/AutoGPTQ
 */
export function gptqMatrix({ codes, zeros, scales, ...shape }: Int4Tensors, zeroOffset: 0 | 1): Int4Matrix {
  const { outputs } = shape;
  return {
    ...shape,
    code: (input, output) => ((codes[(input >> 3) * outputs + output] ?? 0) >>> (4 * (input & 7))) & 15,
    zero: (group, output) =>
      (((zeros[group * (outputs / 8) + (output >> 3)] ?? 0) >>> (4 * (output & 7))) + zeroOffset) & 15,
    scaleBits: (group, output) => scales[group * outputs + output] ?? 0,
  };
}
