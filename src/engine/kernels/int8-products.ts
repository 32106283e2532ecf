import { defineKernel, type ShaderFile } from '../../gpu/index.ts';
import codesFour from '../../../shaders/lib/codes_four.wgsl?raw';
import codesOne from '../../../shaders/lib/codes_one.wgsl?raw';
import kernel from '../../../shaders/matmul_int8.wgsl?raw';
import round from '../../../shaders/round_int8.wgsl?raw';
import type { TensorType } from '../../weights/index.ts';
import { matmulKernel } from './matmul.ts';
import { WEIGHT_FORMATS } from './weight-formats.ts';

const PACKED = ['packed_4x8_integer_dot_product'] as const;
const FORMATS = { Q8_0: WEIGHT_FORMATS.Q8_0, Q4_0: WEIGHT_FORMATS.Q4_0 };

/** Types whose codes are whole numbers with one scale for 32 weights, so that int8 products are exact within a block. */
export type Int8Type = keyof typeof FORMATS;

export function isInt8Type(type: TensorType): type is Int8Type {
  return type in FORMATS;
}

/** Words of a block of 32 rounded inputs: 8 of codes, the step, and the sum of the codes. */
export const BLOCK_WORDS = 10;
/** Inputs of a block. */
export const BLOCK_INPUTS = 32;
/** Lanes of a workgroup that rounds, a block each. */
export const ROUND_WG = 64;

/** Inputs of products as int8, once for all that read them. Dispatch (⌈rows · blocks / 64⌉, 1, 1). */
export const roundInt8Kernel = defineKernel({
  name: 'round_int8',
  params: { blocks: 'u32' },
  bindings: ['read', 'read_write'],
  variants: {},
  aliases: {},
  overrides: { COLS: { default: 1, allowed: [1, 4] } },
  kernel: { name: 'round_int8.wgsl', code: round, requires: PACKED },
});

const CODES = {
  one: { name: 'codes_one.wgsl', code: codesOne, requires: PACKED },
  four: { name: 'codes_four.wgsl', code: codesFour, requires: PACKED },
} as const satisfies Readonly<Record<string, ShaderFile>>;

/** The variant of codes for as many columns as `cols` is. */
export const CODES_OF = { f32: 'one', vec4f: 'four' } as const;

/**
 * `matmul` for inputs that `round_int8` has rounded: four products at a time in int8, whole sums within a block. Dispatch as
 * that one.
 */
export const matmulInt8Kernel = defineKernel({
  ...matmulKernel,
  name: 'matmul_int8',
  variants: {
    format: FORMATS,
    epilogue: matmulKernel.variants['epilogue'] ?? {},
    reduce: matmulKernel.variants['reduce'] ?? {},
    codes: CODES,
  },
  isMeant: ({ variants, aliases, overrides }) =>
    variants['codes'] === CODES_OF[aliases['cols'] === 'vec4f' ? 'vec4f' : 'f32'] &&
    matmulKernel.isMeant?.({ variants: { ...variants, products: 'f32' }, aliases, overrides }) === true,
  kernel: { name: 'matmul_int8.wgsl', code: kernel },
});
