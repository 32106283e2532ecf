import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { concatBytes } from '../../base/bytes.ts';
import { createRandom } from '../../base/random.ts';
import { createPipelineCache, openGpu, type GpuDevice, type PipelineCache } from '../../gpu/index.ts';
import { TENSOR_TYPES, type TensorType } from '../../weights/index.ts';
import { dequantise } from '../model/dequantise.reference.ts';
import { packedRow, packRows } from '../model/packing.ts';
import { randomRows } from '../testing/random-weights.ts';
import { group, runKernel, ungroup } from '../testing/run-kernel.ts';
import { embedKernel } from './embed.ts';
import { MATMUL_WG, matmulKernel, SHARED_LANES } from './matmul.ts';
import { matmulReference, swigluReference } from './matmul.reference.ts';

let gpu: GpuDevice;
let cache: PipelineCache;
beforeAll(async () => {
  gpu = await openGpu(navigator.gpu);
  cache = createPipelineCache(gpu.device);
});
afterAll(() => gpu.close());

interface Case {
  readonly type: TensorType;
  readonly epilogue: 'store' | 'add' | 'swiglu';
  readonly reduce: 'serial' | 'shared';
  readonly n: number;
  readonly k: number;
  readonly columns: number;
}

/** Runs one product on the GPU; gives its outputs, the reference's, and the bound on their difference, row by row. */
async function product({ type, epilogue, reduce, n, k, columns }: Case, seed: number) {
  const random = createRandom(seed);
  const rows = epilogue === 'swiglu' ? 2 * n : n;
  const weights = randomRows(type, rows, k, random);
  const x = Array.from({ length: columns }, () => Float32Array.from({ length: k }, () => random.uniform() - 0.5));
  const before = Array.from({ length: columns }, () => Float32Array.from({ length: n }, () => random.uniform() - 0.5));
  const packed = packRows(type, k, weights);
  const side = columns === 1 ? 1 : 4;
  const groups = columns > 4 ? 2 : 1;
  const lanes = reduce === 'serial' ? 1 : SHARED_LANES;
  const tiles = Math.ceil(n / (epilogue === 'swiglu' ? 2 : 4));
  const [, , , y] = await runKernel(gpu, cache, {
    kernel: matmulKernel,
    choice: {
      variants: { format: type, epilogue, reduce },
      aliases: { cols: side === 1 ? 'f32' : 'vec4f' },
      overrides: { LANES: lanes, GROUPS: groups },
    },
    params: { n, k4: k / 4, y_stride: n, y_row0: 0, half_base: (rows * packedRow(type, k).codesBytes) / 4 },
    buffers: [concatBytes([packed.codes, packed.scales]), group(x, k, side), group(before, n, side)],
    workgroups: [Math.ceil(tiles / (MATMUL_WG / lanes)), Math.ceil(columns / (side * groups))],
  }).then((buffers) => [undefined, ...buffers]);
  const found = ungroup(y ?? new ArrayBuffer(0), columns, n, side);
  const scale = dequantise(type, weights).reduce((top, w) => Math.max(top, Math.abs(w)), 0);
  const sums = x.map((column) => matmulReference(type, weights, column));
  const expected = sums.map((row, m) => {
    if (epilogue === 'swiglu') return swigluReference(row);
    return epilogue === 'add' ? row.map((sum, i) => sum + (before[m]?.[i] ?? 0)) : row;
  });
  // Worst case of k rounded f32 sums of products up to scale / 2; swiglu multiplies two such sums.
  const largest = Math.max(...sums.map((row) => row.reduce((top, sum) => Math.max(top, Math.abs(sum)), 0)));
  const sumBound = 2 ** -23 * k * (scale + 1);
  const bound = epilogue === 'swiglu' ? sumBound * (2 + 2 * largest) : sumBound;
  return { found, expected, bound };
}

describe.each(Object.keys(TENSOR_TYPES) as TensorType[])('matmul over %s', (type) => {
  const { blockElements } = TENSOR_TYPES[type];
  const widths = blockElements === 1 ? [4, 172] : [blockElements, 3 * blockElements];
  const random = createRandom(TENSOR_TYPES[type].id);
  const cases: Case[] = [1, 3, 70].flatMap((n) =>
    [1, 2, 5, 11].map((columns) => ({
      type,
      n,
      columns,
      k: widths[random.below(2)] ?? 256,
      epilogue: (['store', 'add', 'swiglu'] as const)[random.below(3)] ?? 'store',
      reduce: random.below(2) ? 'serial' : 'shared',
    })),
  );

  test.each(cases)('$epilogue $reduce n=$n k=$k columns=$columns', async (shape) => {
    const { found, expected, bound } = await product(shape, shape.n * 31 + shape.columns);
    found.forEach((row, m) =>
      row.forEach((value, i) =>
        expect(Math.abs(value - (expected[m]?.[i] ?? Number.NaN)), `row ${m}, output ${i}`).toBeLessThanOrEqual(bound),
      ),
    );
    expect(found).toHaveLength(shape.columns);
  });

  test('embed gives the very numbers of the reference, rounded to f32', async () => {
    const k = widths[1] ?? 256;
    const table = randomRows(type, 7, k, createRandom(5));
    const packed = packRows(type, k, table);
    const tokens = [6, 0, 3, 3, 9];
    for (const [columns, picked] of [
      [1, [5]],
      [4, tokens],
    ] as const) {
      // Token 3 is told by its slot's latest pick.
      const rows = Uint32Array.from(
        picked.flatMap((token) => (token === 3 ? [0xffff_ffff, 1, 0, 0] : [token, 0, 0, 0])),
      );
      const [, , , x] = await runKernel(gpu, cache, {
        kernel: embedKernel,
        choice: { variants: { format: type }, overrides: { COLS: columns } },
        params: { n: 7, k4: k / 4, row0: 0, half_base: (7 * packedRow(type, k).codesBytes) / 4 },
        buffers: [
          concatBytes([packed.codes, packed.scales]),
          rows,
          Uint32Array.of(0, 3),
          group(
            picked.map(() => []),
            k,
            columns,
          ),
        ],
        workgroups: [Math.ceil(k / 256), picked.length],
      });
      const found = ungroup(x ?? new ArrayBuffer(0), picked.length, k, columns);
      const weights = dequantise(type, table);
      const top = weights.reduce((most, w) => Math.max(most, Math.abs(w)), 0);
      picked.forEach((token, m) => {
        // Token 9 is not in this part of the table: its row stays as it was.
        const expected = token < 7 ? weights.subarray(token * k, (token + 1) * k) : new Float64Array(k);
        // Types with a minimum round twice, by up to 2^-24 of the largest number each.
        expected.forEach((w, i) => expect(Math.abs((found[m]?.[i] ?? 9e9) - w)).toBeLessThanOrEqual(top * 2 ** -22));
      });
    }
  });
});

test('a product has the same bits in every tiling', async () => {
  for (const reduce of ['serial', 'shared'] as const) {
    const shape = { type: 'Q4_K', epilogue: 'swiglu', reduce, n: 33, k: 512 } as const;
    const wide = await product({ ...shape, columns: 11 }, 9);
    // The generator fills weights first and then column after column, so fewer columns are the first of more.
    for (const columns of [1, 2, 5]) {
      const { found } = await product({ ...shape, columns }, 9);
      expect(found).toEqual(wide.found.slice(0, columns));
    }
  }
});
