import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRandom, shuffled, type Random } from '../../base/random.ts';
import { createPipelineCache, openGpu, type GpuDevice, type PipelineCache } from '../../gpu/index.ts';
import { group, runKernel, ungroup } from '../testing/run-kernel.ts';
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
import { ropeCacheKernel } from './rope-cache.ts';
import { ropeCacheReference, type HeadShape } from './rope-cache.reference.ts';

let gpu: GpuDevice;
let cache: PipelineCache;
beforeAll(async () => {
  gpu = await openGpu(navigator.gpu);
  cache = createPipelineCache(gpu.device);
});
afterAll(() => gpu.close());

const PAGE = 16;
const none = new ArrayBuffer(0);
const numbers = (count: number, random: Random) => Float32Array.from({ length: count }, () => 2 * random.uniform() - 1);
const times = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));
const near = (found: ArrayLike<number>, expected: ArrayLike<number>, bound: number) => {
  expect(found.length).toBe(expected.length);
  Array.from(expected).forEach((value, i) =>
    expect(Math.abs((found[i] ?? Number.NaN) - value)).toBeLessThanOrEqual(bound),
  );
};

describe.each([
  { lanes: 'serial', WG: SERIAL_ROWS, LANES: 1 },
  { lanes: 'shared', WG: NORM_LANES, LANES: NORM_LANES },
])('rms_norm $lanes', ({ lanes, WG, LANES }) => {
  test.each([1, 5, 64, 333])('k=%i, every layout in and out', async (k) => {
    const random = createRandom(k);
    const gain = numbers(k, random);
    for (const [inner, outer, listed] of [
      [1, 1, [0]],
      [4, 4, [0, 1, 2, 3, 4]],
      [4, 1, [3]],
      [4, 4, [4, 0]],
    ] as const) {
      const x = times(inner === 1 ? 1 : 5, () => numbers(k, random));
      const rows = Uint32Array.from(times(8, (m) => [0, 0, 0, listed[m] ?? 0]).flat());
      const [, , , y] = await runKernel(gpu, cache, {
        kernel: rmsNormKernel,
        choice: { variants: { lanes, source: 'listed' }, overrides: { COLS_IN: inner, COLS: outer, WG, LANES } },
        params: { k, epsilon: 1e-5 },
        buffers: [
          group(x, k, inner),
          gain,
          rows,
          group(
            times(5, () => []),
            k,
            outer,
          ),
        ],
        workgroups: [Math.ceil(listed.length / (WG / LANES)), 1],
      });
      ungroup(y ?? none, listed.length, k, outer).forEach((found, m) => {
        // Numbers of about 1: a few roundings, and 2.5 ulp each of division and square root.
        near(found, rmsNormReference(x[listed[m] ?? 0] ?? [], gain, 1e-5), 1e-5);
      });
    }
  });
});

/** A cache of shuffled pages for sequences of given lengths. */
function pages(slots: number, pagesPerSlot: number, random: Random) {
  const table = shuffled(
    times(slots * pagesPerSlot, (i) => i),
    random,
  );
  const at = (slot: number, position: number) => ({
    page: table[slot * pagesPerSlot + Math.floor(position / PAGE)] ?? 0,
    inPage: position % PAGE,
  });
  return { table: Uint32Array.from(table), at };
}

const shapes: readonly HeadShape[] = [
  { heads: 1, kvHeads: 1, headSize: 4, rotary: 2, style: 'pairs', gains: undefined, epsilon: 1e-5 },
  { heads: 8, kvHeads: 4, headSize: 8, rotary: 8, style: 'pairs', gains: undefined, epsilon: 1e-5 },
  { heads: 6, kvHeads: 2, headSize: 36, rotary: 20, style: 'halves', gains: undefined, epsilon: 1e-5 },
  {
    heads: 4,
    kvHeads: 1,
    headSize: 256,
    rotary: 256,
    style: 'halves',
    gains: { q: numbers(256, createRandom(3)), k: numbers(256, createRandom(4)) },
    epsilon: 1e-6,
  },
];

describe.each(shapes)('heads=$heads kvHeads=$kvHeads size=$headSize $style', (shape) => {
  const { heads, kvHeads, headSize } = shape;
  const random = createRandom(headSize);
  const all = heads + 2 * kvHeads;

  test('rope_cache norms, rotates and stores like the reference', async () => {
    for (const columns of [1, 4]) {
      const rows =
        columns === 1
          ? [{ slot: 1, position: 17 }]
          : [0, 15, 16, 37, 2].map((position, m) => ({ slot: m % 2, position }));
      const { table, at } = pages(2, 3, random);
      const qkv = rows.map(() => numbers(all * headSize, random));
      const bias = numbers(all * headSize, random);
      const gains = shape.gains ? [...Array.from(shape.gains.q), ...Array.from(shape.gains.k)] : [];
      const angles = Float32Array.from(
        times(48 * (shape.rotary / 2), () => 6 * random.uniform()).flatMap((a) => [Math.cos(a), Math.sin(a)]),
      );
      const kv = new Float32Array(6 * PAGE * kvHeads * headSize);
      const [, , , , , q, keys, values] = await runKernel(gpu, cache, {
        kernel: ropeCacheKernel,
        choice: {
          variants: { kv: 'f32', rope: shape.style, head_norm: shape.gains ? 'rms' : 'none' },
          overrides: { COLS: columns },
        },
        params: {
          heads,
          kv_heads: kvHeads,
          head_size: headSize,
          rotary: shape.rotary,
          pages_per_slot: 3,
          epsilon: shape.epsilon,
          q_scale: 1 / Math.sqrt(headSize),
        },
        buffers: [
          group(qkv, all * headSize, columns),
          Float32Array.from([...bias, ...gains]),
          angles,
          Uint32Array.from(rows.flatMap(({ slot, position }) => [0, slot, position, 0])),
          table,
          new Float32Array(rows.length * heads * headSize),
          kv,
          kv,
        ],
        workgroups: [all, rows.length],
      });
      const [qs, ks, vs] = [q, keys, values].map((buffer) => new Float32Array(buffer ?? none));
      rows.forEach(({ slot, position }, m) => {
        const angle = (pair: number) => {
          const i = 2 * (position * (shape.rotary / 2) + pair);
          return [angles[i] ?? 0, angles[i + 1] ?? 0] as const;
        };
        const expected = ropeCacheReference(shape, qkv[m] ?? [], bias, angle);
        const { page, inPage } = at(slot, position);
        expected.q.forEach((head, h) =>
          near(qs?.subarray((m * heads + h) * headSize, (m * heads + h + 1) * headSize) ?? [], head, 2e-5),
        );
        expected.k.forEach((head, h) => {
          const found = times(
            headSize,
            (d) =>
              ks?.[(((page * kvHeads + h) * (headSize / 4) + (d >> 2)) * PAGE + inPage) * 4 + (d & 3)] ?? Number.NaN,
          );
          near(found, head, 2e-5);
        });
        expected.v.forEach((head, h) => {
          const start = ((page * kvHeads + h) * PAGE + inPage) * headSize;
          near(vs?.subarray(start, start + headSize) ?? [], head, 1e-6);
        });
      });
    }
  });

  test.each([
    { kernel: attentionKernel, across: heads },
    {
      kernel: attentionSerialKernel,
      across: Math.ceil((heads * Math.ceil(headSize / ATTENTION_SERIAL_DIMENSIONS)) / ATTENTION_SERIAL_WG),
    },
  ])('$kernel.name over pages like the reference, at every edge of a tile', async ({ kernel, across }) => {
    for (const columns of [1, 4]) {
      const positions = columns === 1 ? [256] : [0, 15, 64, 255, 300];
      const { table, at } = pages(positions.length, 20, random);
      const q = positions.map(() => times(heads, () => numbers(headSize, random)));
      const keys = new Float32Array(positions.length * 20 * PAGE * kvHeads * headSize).fill(Number.NaN);
      const values = keys.slice();
      const cached = positions.map((position, slot) =>
        times(position + 1, (t) => {
          const k = times(kvHeads, () => numbers(headSize, random));
          const v = times(kvHeads, () => numbers(headSize, random));
          const { page, inPage } = at(slot, t);
          k.forEach((head, h) =>
            head.forEach(
              (x, d) => (keys[(((page * kvHeads + h) * (headSize / 4) + (d >> 2)) * PAGE + inPage) * 4 + (d & 3)] = x),
            ),
          );
          v.forEach((head, h) => values.set(head, ((page * kvHeads + h) * PAGE + inPage) * headSize));
          return { k, v };
        }),
      );
      const [, , , , , out] = await runKernel(gpu, cache, {
        kernel,
        choice: { variants: { kv: 'f32' }, overrides: { COLS: columns } },
        params: { heads, kv_heads: kvHeads, head4: headSize / 4, pages_per_slot: 20 },
        buffers: [
          Float32Array.from(q.flat().flatMap((head) => Array.from(head))),
          keys,
          values,
          Uint32Array.from(positions.flatMap((position, slot) => [0, slot, position, 0])),
          table,
          group(
            positions.map(() => []),
            heads * headSize,
            columns,
          ),
        ],
        workgroups: [across, positions.length],
      });
      ungroup(out ?? none, positions.length, heads * headSize, columns).forEach((row, m) => {
        q[m]?.forEach((head, h) => {
          const kv = Math.floor(h / (heads / kvHeads));
          const expected = attentionReference(
            head,
            cached[m]?.map(({ k }) => k[kv] ?? []) ?? [],
            cached[m]?.map(({ v }) => v[kv] ?? []) ?? [],
          );
          // Scores up to the head size in magnitude, exponentials to 3 + 2|x| ulp each: relative 1e-5 of values up to 1.
          near(row.subarray(h * headSize, (h + 1) * headSize), expected, 3e-5);
        });
      });
    }
  });
});
