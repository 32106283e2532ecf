import { concatBytes } from '../../base/bytes.ts';
import { createRandom } from '../../base/random.ts';
import type { GpuDevice, PipelineCache } from '../../gpu/index.ts';
import type { TensorType } from '../../weights/index.ts';
import { matmulReference, swigluReference } from '../kernels/matmul.reference.ts';
import { groupCodes, roundedReference } from '../kernels/int8-products.reference.ts';
import { CODES_OF, isInt8Type, matmulInt8Kernel } from '../kernels/int8-products.ts';
import { MATMUL_WG, matmulKernel, matmulTallKernel, PRODUCTS_OF, TALL_TILES } from '../kernels/matmul.ts';
import { dequantise } from '../model/dequantise.reference.ts';
import { packedRow, packRows } from '../model/packing.ts';
import type { Reduction } from '../model/reduction.ts';
import { randomRows } from './random-weights.ts';
import { group, runKernel, ungroup } from './run-kernel.ts';

export interface ProductCase {
  readonly type: TensorType;
  readonly epilogue: 'store' | 'add' | 'swiglu';
  readonly reduction: Reduction;
  /** Over 8 rows and 8 columns at once; serial only. */
  readonly isTall?: boolean;
  /** Invocations of a workgroup of those. */
  readonly tallLanes?: number;
  readonly n: number;
  readonly k: number;
  readonly columns: number;
}

/** Runs one product on the GPU; gives its outputs, the reference's, and the bound on their difference, row by row. */
export async function runProduct(gpu: GpuDevice, cache: PipelineCache, shape: ProductCase, seed: number) {
  const { type, epilogue, reduction, isTall = false, tallLanes = MATMUL_WG, n, k, columns } = shape;
  const random = createRandom(seed);
  const rows = epilogue === 'swiglu' ? 2 * n : n;
  const weights = randomRows(type, rows, k, random);
  const numbers = (length: number) => Float32Array.from({ length }, () => random.uniform() - 0.5);
  const x = Array.from({ length: columns }, () => numbers(k));
  const before = Array.from({ length: columns }, () => numbers(n));
  const packed = packRows(type, k, weights);
  const side = columns === 1 && !isTall ? 1 : 4;
  const groups = columns > 4 || isTall ? 2 : 1;
  const { kind, lanes, products = 'f32' } = reduction;
  const cols = side === 1 ? 'f32' : 'vec4f';
  const tiles = Math.ceil(n / (epilogue === 'swiglu' ? 2 : 4));
  const variants = { format: type, epilogue };
  const isRounded = products === 'int8' && isInt8Type(type);
  const choice = { aliases: { cols }, overrides: { LANES: lanes, GROUPS: groups } };
  const all = { ...variants, reduce: kind };
  const [, , y] = await runKernel(gpu, cache, {
    ...(isTall
      ? { kernel: matmulTallKernel, choice: { variants, aliases: { cols }, overrides: { WG: tallLanes } } }
      : isRounded
        ? { kernel: matmulInt8Kernel, choice: { ...choice, variants: { ...all, codes: CODES_OF[cols] } } }
        : { kernel: matmulKernel, choice: { ...choice, variants: { ...all, products: PRODUCTS_OF[products][cols] } } }),
    params: { n, k4: k / 4, y_stride: n, y_row0: 0, half_base: (rows * packedRow(type, k).codesBytes) / 4 },
    buffers: [
      concatBytes([packed.codes, packed.scales]),
      isRounded ? groupCodes(x, side) : group(x, k, side),
      group(before, n, side),
    ],
    workgroups: [
      Math.ceil(tiles / (isTall ? tallLanes * TALL_TILES : MATMUL_WG / lanes)),
      Math.ceil(columns / (side * groups)),
    ],
  });
  const found = ungroup(y ?? new ArrayBuffer(0), columns, n, side);
  const scale = dequantise(type, weights).reduce((top, w) => Math.max(top, Math.abs(w)), 0);
  const sums = x.map((column) => matmulReference(type, weights, isRounded ? roundedReference(column) : column));
  const expected = sums.map((row, m) => {
    if (epilogue === 'swiglu') return swigluReference(row);
    return epilogue === 'add' ? row.map((sum, i) => sum + (before[m]?.[i] ?? 0)) : row;
  });
  // Worst case of k rounded f32 sums of products up to scale / 2; swiglu multiplies two such sums.
  const largest = Math.max(...sums.map((row) => row.reduce((top, sum) => Math.max(top, Math.abs(sum)), 0)));
  // In f16 both factors, the product and three sums of four are rounded to 2^-11, or 2^-25 where they are smallest.
  const halfBound = products === 'f16' ? k * (6 * 2 ** -12 * scale + 2 ** -23) : 0;
  const sumBound = 2 ** -23 * k * (scale + 1) + halfBound;
  const bound = epilogue === 'swiglu' ? sumBound * (2 + 2 * largest) : sumBound;
  return { found, expected, bound };
}
