import { defineKernel } from '../../gpu/index.ts';
import epilogueAdd from '../../../shaders/lib/epilogue_add.wgsl?raw';
import epilogueStore from '../../../shaders/lib/epilogue_store.wgsl?raw';
import epilogueSwiglu from '../../../shaders/lib/epilogue_swiglu.wgsl?raw';
import productsF16 from '../../../shaders/lib/products_f16.wgsl?raw';
import productsF16x4 from '../../../shaders/lib/products_f16x4.wgsl?raw';
import productsF32 from '../../../shaders/lib/products_f32.wgsl?raw';
import reduceSerial from '../../../shaders/lib/reduce_serial.wgsl?raw';
import reduceSubgroup from '../../../shaders/lib/reduce_subgroup.wgsl?raw';
import reduceShared from '../../../shaders/lib/reduce_shared.wgsl?raw';
import kernel from '../../../shaders/matmul.wgsl?raw';
import product from '../../../shaders/lib/quantised_product.wgsl?raw';
import tallKernel from '../../../shaders/matmul_tall.wgsl?raw';
import { WEIGHT_FORMATS } from './weight-formats.ts';

const EPILOGUES = {
  store: { name: 'epilogue_store.wgsl', code: epilogueStore },
  add: { name: 'epilogue_add.wgsl', code: epilogueAdd },
  swiglu: { name: 'epilogue_swiglu.wgsl', code: epilogueSwiglu },
};

const PRODUCT = { name: 'quantised_product.wgsl', code: product };
const PRODUCTS_F32 = { name: 'products_f32.wgsl', code: productsF32 };
/** The variant of products of a precision for as many columns as `cols` is; what int8 does not cover is f32. */
export const PRODUCTS_OF = {
  f32: { f32: 'f32', vec4f: 'f32' },
  f16: { f32: 'f16', vec4f: 'f16x4' },
  int8: { f32: 'f32', vec4f: 'f32' },
} as const;

/** Invocations of a workgroup. */
export const MATMUL_WG = 64;
/** Lanes that share a tile of outputs where `reduce` is `shared`, and at most where it is `subgroup`. */
export const SHARED_LANES = 16;

const LANES_OF: Readonly<Record<string, readonly number[]>> = {
  serial: [1],
  shared: [SHARED_LANES],
  subgroup: [4, 8, SHARED_LANES],
};

/**
 * y[c, n] = epilogue(W[n, K] · x[c, K]) for a batch of columns; W in any GGUF type, read once for `GROUPS` groups of columns.
 *
 * `epilogue`: `store` y, `add` to y, or `swiglu` of the first and second n rows. `reduce`: `serial` has one lane an
 * output (LANES = 1), `shared` and `subgroup` split K over LANES lanes. `products`: of f32, or four at a
 * time of f16, for as many columns as `cols` is, one or four, side by side.
 * Dispatch (⌈tiles / (WG / LANES)⌉, groups / GROUPS, 1); a tile is 4 rows, with `swiglu` 2 pairs of rows.
 */
export const matmulKernel = defineKernel({
  name: 'matmul',
  params: { n: 'u32', k4: 'u32', y_stride: 'u32', y_row0: 'u32', half_base: 'u32' },
  bindings: ['read', 'read', 'read_write'],
  variants: {
    format: WEIGHT_FORMATS,
    epilogue: EPILOGUES,
    products: {
      f32: PRODUCTS_F32,
      f16: { name: 'products_f16.wgsl', code: productsF16, enables: ['f16'] },
      f16x4: { name: 'products_f16x4.wgsl', code: productsF16x4, enables: ['f16'] },
    },
    reduce: {
      serial: { name: 'reduce_serial.wgsl', code: reduceSerial },
      shared: { name: 'reduce_shared.wgsl', code: reduceShared },
      subgroup: { name: 'reduce_subgroup.wgsl', code: reduceSubgroup, enables: ['subgroups'] },
    },
  },
  aliases: { cols: ['f32', 'vec4f'] },
  overrides: {
    WG: { default: MATMUL_WG, allowed: [MATMUL_WG] },
    LANES: { default: 1, allowed: [1, 4, 8, SHARED_LANES] },
    GROUPS: { default: 1, allowed: [1, 2] },
  },
  isMeant: ({ variants, aliases, overrides }) =>
    LANES_OF[variants['reduce'] ?? '']?.includes(overrides['LANES'] ?? 0) === true &&
    (variants['products'] === 'f32' || variants['products'] === (aliases['cols'] === 'vec4f' ? 'f16x4' : 'f16')) &&
    (variants['products'] === 'f32' || variants['reduce'] !== 'serial') &&
    (aliases['cols'] === 'vec4f' || overrides['GROUPS'] === 1),
  libraries: [PRODUCT],
  kernel: { name: 'matmul.wgsl', code: kernel },
});

/** Tiles of one invocation of a tall product. */
export const TALL_TILES = 2;

/**
 * The same over 8 columns and two tiles at once, without lanes: the bits of `reduce: serial`. For steps with many rows.
 * Dispatch (⌈tiles / 2 / WG⌉, groups / 2, 1).
 */
export const matmulTallKernel = defineKernel({
  ...matmulKernel,
  name: 'matmul_tall',
  variants: { format: WEIGHT_FORMATS, epilogue: EPILOGUES },
  libraries: [PRODUCT, PRODUCTS_F32],
  aliases: { cols: ['vec4f'] },
  overrides: { WG: { default: MATMUL_WG, allowed: [16, MATMUL_WG] } },
  isMeant: () => true,
  kernel: { name: 'matmul_tall.wgsl', code: tallKernel },
});
