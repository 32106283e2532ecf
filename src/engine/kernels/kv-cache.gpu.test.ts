import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRandom, shuffled } from '../../base/random.ts';
import { createPipelineCache, openGpu, type GpuDevice, type PipelineCache } from '../../gpu/index.ts';
import { keptReference } from '../model/kv-type.reference.ts';
import { kvCells } from '../testing/kv-cells.ts';
import { group, runKernel, ungroup } from '../testing/run-kernel.ts';
import {
  ATTENTION_SERIAL_DIMENSIONS,
  ATTENTION_SERIAL_WG,
  attentionKernel,
  attentionSerialKernel,
} from './attention.ts';
import { attentionReference } from './attention.reference.ts';
import { ropeCacheKernel } from './rope-cache.ts';

const SEED = 20_261_121;
const PAGE = 16;
const PAGES = 19;
let gpu: GpuDevice;
let cache: PipelineCache;
beforeAll(async () => {
  gpu = await openGpu(navigator.gpu);
  cache = createPipelineCache(gpu.device);
});
afterAll(() => gpu.close());

const shapes = fc.record({
  kvHeads: fc.integer({ min: 1, max: 3 }),
  ratio: fc.integer({ min: 1, max: 3 }),
  head4: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constant(64)),
  positions: fc.array(fc.integer({ min: 0, max: 300 }), { minLength: 1, maxLength: 5 }),
  seed: fc.nat(),
});

/** Pages of each sequence in an order of their own, and where a position of it lies. */
function pagesOf(sequences: number, kvHeads: number, seed: number) {
  const all = Array.from({ length: sequences * PAGES }, (_, i) => i);
  const table = shuffled(all, createRandom(seed));
  const place = (slot: number, t: number, kv: number) =>
    (table[slot * PAGES + Math.floor(t / PAGE)] ?? 0) * kvHeads + kv;
  return { table: Uint32Array.from(table), place };
}

const QUARTER_TURNS = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
] as const;

test.each(['f32', 'f16', 'int8'] as const)('a cache of %s keeps what its reference does, to the bit', async (type) => {
  const property = fc.asyncProperty(shapes, async ({ kvHeads, ratio, head4, positions, seed }) => {
    const random = createRandom(seed);
    const [heads, size] = [kvHeads * ratio, 4 * head4];
    const all = heads + 2 * kvHeads;
    const style = seed % 2 ? 'pairs' : 'halves';
    // From heads of zeros to such as no half can hold.
    const scales = [0, 1e-6, 1, 300, 2e5];
    const numbers = () => {
      const scale = scales[random.below(scales.length)] ?? 1;
      return Array.from({ length: size }, () => Math.fround((2 * random.uniform() - 1) * scale));
    };
    const rows = positions.map(() => Array.from({ length: all }, numbers));
    const turns = Array.from({ length: 304 * 2 * head4 }, () => QUARTER_TURNS[random.below(4)] ?? ([1, 0] as const));
    const { table, place } = pagesOf(positions.length, kvHeads, seed);
    const room = kvCells(type, size, kvHeads, table.length);
    const [, , , , , , keys, values] = await runKernel(gpu, cache, {
      kernel: ropeCacheKernel,
      choice: { variants: { kv: type, rope: style, head_norm: 'none' }, overrides: { COLS: 4 } },
      params: {
        heads,
        kv_heads: kvHeads,
        head_size: size,
        rotary: size,
        pages_per_slot: PAGES,
        epsilon: 1e-5,
        q_scale: 1,
      },
      buffers: [
        group(
          rows.map((row) => row.flat()),
          all * size,
          4,
        ),
        new Float32Array(all * size),
        Float32Array.from(turns.flat()),
        Uint32Array.from(positions.flatMap((position, slot) => [0, slot, position, 0])),
        table,
        new Float32Array(positions.length * heads * size),
        room.bytes.slice(),
        room.bytes.slice(),
      ],
      workgroups: [all, positions.length],
    });
    const found = { keys, values };
    for (const [slot, position] of positions.entries()) {
      for (let kv = 0; kv < kvHeads; kv++) {
        const key = rows[slot]?.[heads + kv] ?? [];
        const value = rows[slot]?.[heads + kvHeads + kv] ?? [];
        // Quarter turns are exact, so that all that rounds is the cache.
        const turned = key.slice();
        for (let i = 0; i < size / 2; i++) {
          const [cos, sin] = turns[(position * size) / 2 + i] ?? [1, 0];
          const [first, second] = style === 'pairs' ? [2 * i, 2 * i + 1] : [i, i + size / 2];
          turned[first] = (key[first] ?? 0) * cos - (key[second] ?? 0) * sin;
          turned[second] = (key[first] ?? 0) * sin + (key[second] ?? 0) * cos;
        }
        for (const [part, head] of [
          ['keys', turned],
          ['values', value],
        ] as const) {
          room.bytes.set(new Uint8Array(found[part] ?? new ArrayBuffer(0)));
          const kept = room.get(part, place(slot, position, kv), position % PAGE);
          expect(kept.map((v) => v + 0)).toEqual(Array.from(keptReference(type, head), (v) => v + 0));
        }
      }
    }
  });
  await fc.assert(property, { seed: SEED, numRuns: 12 });
});

test.each(['f16', 'int8'] as const)('attention over a cache of %s is exact for what that holds', async (type) => {
  const property = fc.asyncProperty(shapes, async ({ kvHeads, ratio, head4, positions, seed }) => {
    const random = createRandom(seed);
    const [heads, size] = [kvHeads * ratio, 4 * head4];
    const numbers = (length: number) => Float32Array.from({ length }, () => 2 * random.uniform() - 1);
    const { table, place } = pagesOf(positions.length, kvHeads, seed);
    const [keys, values] = [0, 1].map(() => kvCells(type, size, kvHeads, table.length));
    if (!keys || !values) return;
    // NaN where nothing was written, or the least number, which would be seen as well.
    keys.bytes.fill(0xff);
    values.bytes.fill(0xff);
    for (const [slot, position] of positions.entries()) {
      for (let t = 0; t <= position; t++) {
        for (let kv = 0; kv < kvHeads; kv++) {
          keys.set('keys', place(slot, t, kv), t % PAGE, numbers(size));
          values.set('values', place(slot, t, kv), t % PAGE, numbers(size));
        }
      }
    }
    const q = numbers(positions.length * heads * size).map((v) => v / Math.sqrt(size));
    const parts = Math.ceil(size / ATTENTION_SERIAL_DIMENSIONS);
    for (const [kernel, across] of [
      [attentionKernel, heads],
      [attentionSerialKernel, Math.ceil((heads * parts) / ATTENTION_SERIAL_WG)],
    ] as const) {
      const [, , , , , out] = await runKernel(gpu, cache, {
        kernel,
        choice: { variants: { kv: type }, overrides: { COLS: 4 } },
        params: { heads, kv_heads: kvHeads, head4, pages_per_slot: PAGES },
        buffers: [
          q,
          keys.bytes,
          values.bytes,
          Uint32Array.from(positions.flatMap((position, slot) => [0, slot, position, 0])),
          table,
          new Float32Array(8 * heads * size),
        ],
        workgroups: [across, positions.length],
      });
      ungroup(out ?? new ArrayBuffer(0), positions.length, heads * size, 4).forEach((row, slot) => {
        const times = Array.from({ length: (positions[slot] ?? 0) + 1 }, (_, t) => t);
        for (let h = 0; h < heads; h++) {
          const kv = Math.floor(h / ratio);
          const expected = attentionReference(
            q.subarray((slot * heads + h) * size, (slot * heads + h + 1) * size),
            times.map((t) => keys.get('keys', place(slot, t, kv), t % PAGE)),
            times.map((t) => values.get('values', place(slot, t, kv), t % PAGE)),
          );
          // As in attention-path.gpu.test.ts.
          const off = expected.reduce((most, v, d) => Math.max(most, Math.abs((row[h * size + d] ?? NaN) - v)), 0);
          expect(off, kernel.name).toBeLessThanOrEqual(3e-5);
        }
      });
    }
  });
  await fc.assert(property, { seed: SEED, numRuns: 6 });
});
