import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRandom, shuffled } from '../../base/random.ts';
import { createPipelineCache, openGpu, type GpuDevice, type PipelineCache } from '../../gpu/index.ts';
import { TENSOR_TYPES, type TensorType } from '../../weights/index.ts';
import { reductionsOf } from '../model/reduction.ts';
import { group, runKernel, ungroup } from '../testing/run-kernel.ts';
import { runProduct } from '../testing/run-product.ts';
import {
  ATTENTION_SERIAL_DIMENSIONS,
  ATTENTION_SERIAL_WG,
  attentionKernel,
  attentionSerialKernel,
} from './attention.ts';
import { attentionReference } from './attention.reference.ts';
import { SERIAL_ROWS } from './lanes.ts';
import { NORM_LANES, rmsNormKernel } from './rms-norm.ts';
import { rmsNormReference } from './rms-norm.reference.ts';

/** Printed with a failure, with which it can be run again. */
const SEED = 20_261_121;
let gpu: GpuDevice;
let cache: PipelineCache;
beforeAll(async () => {
  gpu = await openGpu(navigator.gpu);
  cache = createPipelineCache(gpu.device);
});
afterAll(() => gpu.close());

const worst = (found: ArrayLike<number>, expected: ArrayLike<number>) =>
  Array.from(expected).reduce((most, v, i) => Math.max(most, Math.abs((found[i] ?? Number.NaN) - v)), 0);

test.each(Object.keys(TENSOR_TYPES) as TensorType[])(
  'products over %s of any shape, in every variant',
  async (type) => {
    const { blockElements } = TENSOR_TYPES[type];
    const width =
      blockElements === 1 ? fc.integer({ min: 1, max: 90 }).map((k) => 4 * k) : fc.integer({ min: 1, max: 3 });
    const shapes = fc.record({
      n: fc.integer({ min: 1, max: 75 }),
      width,
      columns: fc.integer({ min: 1, max: 17 }),
      epilogue: fc.constantFrom('store' as const, 'add' as const, 'swiglu' as const),
      seed: fc.nat(),
    });
    const property = fc.asyncProperty(shapes, async ({ n, width: w, columns, epilogue, seed }) => {
      const k = blockElements === 1 ? w : w * blockElements;
      const shape = { type, epilogue, n, k, columns };
      const variants = reductionsOf(gpu.report).map((reduction) => ({ ...shape, reduction }));
      const tall = { ...shape, reduction: { kind: 'serial', lanes: 1 }, isTall: true } as const;
      for (const one of [...variants, tall]) {
        const { found, expected, bound } = await runProduct(gpu, cache, one, seed);
        const off = Math.max(...expected.map((row, m) => worst(found[m] ?? [], row)));
        expect(off, JSON.stringify(one)).toBeLessThanOrEqual(bound);
      }
    });
    await fc.assert(property, { seed: SEED, numRuns: 4 });
  },
);

test('norms of any width, with a lane or a workgroup for each row', async () => {
  const shapes = fc.record({
    k: fc.integer({ min: 1, max: 700 }),
    rows: fc.integer({ min: 1, max: 9 }),
    seed: fc.nat(),
  });
  const property = fc.asyncProperty(shapes, async ({ k, rows, seed }) => {
    const random = createRandom(seed);
    const numbers = (length: number) => Float32Array.from({ length }, () => 2 * random.uniform() - 1);
    const x = Array.from({ length: rows }, () => numbers(k));
    const gain = numbers(k);
    for (const [lanes, WG, LANES] of [
      ['serial', SERIAL_ROWS, 1],
      ['shared', NORM_LANES, NORM_LANES],
    ] as const) {
      const room = Math.ceil(rows / 8) * 8;
      const [, , , y] = await runKernel(gpu, cache, {
        kernel: rmsNormKernel,
        choice: { variants: { lanes, source: 'same' }, overrides: { COLS_IN: 4, COLS: 4, WG, LANES } },
        params: { k, epsilon: 1e-5 },
        buffers: [group(x, k, 4), gain, new Uint32Array(4 * room), new Float32Array(room * k)],
        workgroups: [Math.ceil(rows / (WG / LANES)), 1],
      });
      ungroup(y ?? new ArrayBuffer(0), rows, k, 4).forEach((row, m) =>
        expect(worst(row, rmsNormReference(x[m] ?? [], gain, 1e-5)), `${lanes} ${k}`).toBeLessThanOrEqual(1e-5),
      );
    }
  });
  await fc.assert(property, { seed: SEED, numRuns: 12 });
});

test('attention over sequences of any length, with any heads', async () => {
  const shapes = fc.record({
    kvHeads: fc.integer({ min: 1, max: 3 }),
    ratio: fc.integer({ min: 1, max: 3 }),
    head4: fc.integer({ min: 1, max: 20 }),
    positions: fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 5 }),
    seed: fc.nat(),
  });
  const PAGE = 16;
  const PAGES = 19;
  const property = fc.asyncProperty(shapes, async ({ kvHeads, ratio, head4, positions, seed }) => {
    const random = createRandom(seed);
    const [heads, size] = [kvHeads * ratio, 4 * head4];
    const numbers = (length: number) => Float32Array.from({ length }, () => 2 * random.uniform() - 1);
    const pages = positions.length * PAGES;
    const table = shuffled(
      Array.from({ length: pages }, (_, i) => i),
      random,
    );
    const q = numbers(positions.length * heads * size);
    const keys = numbers(pages * PAGE * kvHeads * size);
    const values = numbers(pages * PAGE * kvHeads * size);
    const place = (slot: number, t: number, kv: number) =>
      ((table[slot * PAGES + Math.floor(t / PAGE)] ?? 0) * kvHeads + kv) * PAGE * size;
    const keyOf = (slot: number, t: number, kv: number) =>
      Array.from(
        { length: size },
        (_, d) => keys[place(slot, t, kv) + ((d >> 2) * PAGE + (t % PAGE)) * 4 + (d & 3)] ?? 0,
      );
    const valueOf = (slot: number, t: number, kv: number) => {
      const from = place(slot, t, kv) + (t % PAGE) * size;
      return values.subarray(from, from + size);
    };
    const parts = Math.ceil(size / ATTENTION_SERIAL_DIMENSIONS);
    for (const [kernel, across] of [
      [attentionKernel, heads],
      [attentionSerialKernel, Math.ceil((heads * parts) / ATTENTION_SERIAL_WG)],
    ] as const) {
      const [, , , , , out] = await runKernel(gpu, cache, {
        kernel,
        choice: { variants: { kv: 'f32' }, overrides: { COLS: 4 } },
        params: { heads, kv_heads: kvHeads, head4, pages_per_slot: PAGES },
        buffers: [
          q,
          keys,
          values,
          Uint32Array.from(positions.flatMap((position, slot) => [0, slot, position, 0])),
          Uint32Array.from(table),
          new Float32Array(8 * heads * size),
        ],
        workgroups: [across, positions.length],
      });
      ungroup(out ?? new ArrayBuffer(0), positions.length, heads * size, 4).forEach((row, slot) => {
        const times = Array.from({ length: (positions[slot] ?? 0) + 1 }, (_, t) => t);
        for (let h = 0; h < heads; h++) {
          const kv = Math.floor(h / ratio);
          const query = q.subarray((slot * heads + h) * size, (slot * heads + h + 1) * size);
          const expected = attentionReference(
            query,
            times.map((t) => keyOf(slot, t, kv)),
            times.map((t) => valueOf(slot, t, kv)),
          );
          // As in attention-path.gpu.test.ts: scores up to the head size, exponentials to a few ulp of them.
          expect(worst(row.subarray(h * size, (h + 1) * size), expected), kernel.name).toBeLessThanOrEqual(3e-5);
        }
      });
    }
  });
  await fc.assert(property, { seed: SEED, numRuns: 8 });
});
