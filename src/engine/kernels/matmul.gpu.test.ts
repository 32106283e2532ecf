import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { concatBytes } from '../../base/bytes.ts';
import { createRandom } from '../../base/random.ts';
import { createPipelineCache, openGpu, type GpuDevice, type PipelineCache } from '../../gpu/index.ts';
import { TENSOR_TYPES, type TensorType } from '../../weights/index.ts';
import { dequantise } from '../model/dequantise.reference.ts';
import { packedRow, packRows } from '../model/packing.ts';
import { randomRows } from '../testing/random-weights.ts';
import { group, runKernel, ungroup } from '../testing/run-kernel.ts';
import { runProduct, type ProductCase } from '../testing/run-product.ts';
import { embedKernel } from './embed.ts';
import { SHARED_LANES } from './matmul.ts';

let gpu: GpuDevice;
let cache: PipelineCache;
beforeAll(async () => {
  gpu = await openGpu(navigator.gpu);
  cache = createPipelineCache(gpu.device);
});
afterAll(() => gpu.close());

const REDUCTIONS = { serial: { kind: 'serial', lanes: 1 }, shared: { kind: 'shared', lanes: SHARED_LANES } } as const;
type Case = Omit<ProductCase, 'reduction'> & { readonly reduce: keyof typeof REDUCTIONS };

const product = ({ reduce, ...shape }: Case, seed: number) =>
  runProduct(gpu, cache, { ...shape, reduction: REDUCTIONS[reduce] }, seed);

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
    // Prompts take the tall product where sums are serial.
    if (reduce === 'shared') continue;
    const tall = await product({ ...shape, columns: 11, isTall: true }, 9);
    expect(tall.found).toEqual(wide.found);
  }
});

test.each(['Q8_0', 'Q4_0'] as const)('an int8 product over %s has the same bits in every tiling', async (type) => {
  for (const one of Object.values(REDUCTIONS)) {
    const reduction = { ...one, products: 'int8' } as const;
    const run = (columns: number) =>
      runProduct(gpu, cache, { type, epilogue: 'swiglu', reduction, n: 33, k: 736, columns }, 9);
    const wide = await run(11);
    for (const columns of [1, 2, 5]) expect((await run(columns)).found).toEqual(wide.found.slice(0, columns));
  }
});
