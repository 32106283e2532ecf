import {
  CODES_OF,
  isInt8Type,
  matmulInt8Kernel,
  ROUND_WG,
  roundInt8Kernel,
  BLOCK_INPUTS,
} from '../kernels/int8-products.ts';
import { MATMUL_WG, matmulKernel, matmulTallKernel, PRODUCTS_OF, TALL_TILES } from '../kernels/matmul.ts';
import type { Op, OpBuilder, OpParts, Tiling } from './op-builder.ts';
import type { MatrixView } from './weights-view.ts';

interface Product {
  readonly matrix: MatrixView;
  /** Of `matmulKernel`. */
  readonly epilogue: string;
  readonly x: GPUBuffer;
  readonly y: GPUBuffer;
  readonly yStride: number;
  readonly over: Op['over'];
}

/** A kernel of a product and how much one of its workgroups makes. */
interface Way {
  readonly pipeline: GPUComputePipeline;
  readonly tilesPerWorkgroup: number;
}

/**
 * The dispatches of one product: one for each chunk of the matrix, and before them the rounding of their inputs where
 * products are of int8 and the matrix is of a type that has such products.
 */
export async function productOps(builder: OpBuilder, parts: OpParts, product: Product): Promise<Op[]> {
  const { matrix, epilogue, x, y, yStride, over } = product;
  const isRounded = parts.reduction.products === 'int8' && isInt8Type(matrix.type);
  const input = isRounded ? await builder.codes() : x;
  const ways = await waysOf(parts, matrix, epilogue, isRounded);
  const ops = isRounded ? [await roundOp(builder, matrix, x, input, over)] : [];
  for (const { buffer, scalesWord, outputs, firstOutput } of matrix.chunks) {
    const params = {
      n: outputs,
      k4: matrix.k / 4,
      y_stride: yStride,
      y_row0: matrix.firstRow + firstOutput,
      half_base: scalesWord,
    };
    const group = await builder.bindGroup(matmulKernel, params, [buffer, input, y]);
    const tiles = Math.ceil(outputs / (epilogue === 'swiglu' ? 2 : 4));
    const size = (rows: number, tiling: Tiling) =>
      [Math.ceil(tiles / ways[tiling].tilesPerWorkgroup), Math.ceil(rows / tiling)] as const;
    ops.push({ over, pipeline: (tiling) => ways[tiling].pipeline, group, size });
  }
  return ops;
}

async function roundOp(
  builder: OpBuilder,
  { k }: MatrixView,
  x: GPUBuffer,
  codes: GPUBuffer,
  over: Op['over'],
): Promise<Op> {
  const blocks = k / BLOCK_INPUTS;
  const size = (rows: number) => [Math.ceil((rows * blocks) / ROUND_WG), 1] as const;
  return { ...(await builder.rowsOp({ kernel: roundInt8Kernel, size }, { blocks }, [x, codes])), over };
}

async function waysOf(
  { cache, reduction }: OpParts,
  { type: format }: MatrixView,
  epilogue: string,
  isRounded: boolean,
): Promise<Record<Tiling, Way>> {
  const { kind, lanes, products = 'f32' } = reduction;
  const variants = { format, epilogue };
  const wayOf = async (tiling: Tiling): Promise<Way> => {
    if (kind === 'serial' && tiling === 8 && !isRounded) {
      const pipeline = await cache.pipeline(matmulTallKernel, { variants, aliases: { cols: 'vec4f' } });
      return { pipeline, tilesPerWorkgroup: MATMUL_WG * TALL_TILES };
    }
    const cols = tiling === 1 ? 'f32' : 'vec4f';
    const choice = { aliases: { cols }, overrides: { LANES: lanes, GROUPS: tiling === 8 ? 2 : 1 } };
    const all = { ...variants, reduce: kind };
    const pipeline = await (isRounded
      ? cache.pipeline(matmulInt8Kernel, { ...choice, variants: { ...all, codes: CODES_OF[cols] } })
      : cache.pipeline(matmulKernel, { ...choice, variants: { ...all, products: PRODUCTS_OF[products][cols] } }));
    return { pipeline, tilesPerWorkgroup: MATMUL_WG / lanes };
  };
  const [one, four, eight] = await Promise.all([wayOf(1), wayOf(4), wayOf(8)]);
  return { 1: one, 4: four, 8: eight };
}
