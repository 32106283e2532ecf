import fc from 'fast-check';
import { ropeCacheKernel } from '../../kernels/rope-cache.ts';
import { ropeCacheReference } from '../../kernels/rope-cache.reference.ts';
import { KV_TYPES } from '../../model/kv-type.ts';
import { PAGE_TOKENS } from '../../model/run-state.ts';
import { kvCells } from '../kv-cells.ts';
import { group, runKernel } from '../run-kernel.ts';
import { kernelProperty, numbers, times, worst, type Deviation } from './kernel-property.ts';
import { shuffledPages } from './paged.ts';

const PAGES = 3;
/** Numbers up to √size of a few roundings, and the norm's division and square root. */
const BOUND = 2e-5;
const EPSILON = 1e-5;
const STYLES = ['pairs', 'halves'] as const;
const NORMS = ['none', 'rms'] as const;
/** How much of the head's largest number a type's rounding takes: half a step of 2^-10, or of 1 / 127. */
const ROUNDED = { f32: 0, f16: 2 ** -11, int8: 0.5 / 127 };
const nothing = new ArrayBuffer(0);
const position = fc.integer({ min: 0, max: PAGES * PAGE_TOKENS - 1 });

/** Heads of any number and size, any part of them turned, with and without norm; one row, or some of different slots. */
export const ropeCacheProperty = kernelProperty(
  '',
  8,
  fc
    .record({
      heads: fc.integer({ min: 1, max: 5 }),
      kvHeads: fc.integer({ min: 1, max: 3 }),
      head4: fc.integer({ min: 1, max: 40 }),
      turned: fc.nat(),
      positions: fc.oneof(fc.tuple(position), fc.array(position, { minLength: 2, maxLength: 6 })),
    })
    .map(({ head4, turned, ...shape }) => ({
      ...shape,
      headSize: 4 * head4,
      rotary: 2 * (1 + (turned % (2 * head4))),
    })),
  async (gpu, cache, { heads, kvHeads, headSize, rotary, positions }, random) => {
    const all = (heads + 2 * kvHeads) * headSize;
    const count = positions.length;
    const columns = count === 1 ? 1 : 4;
    const qkv = times(count, () => numbers(all, random));
    const vectors = numbers(all + 2 * headSize, random);
    const { table, place } = shuffledPages(count, PAGES, kvHeads, random);
    const angles = Float32Array.from(
      times((PAGES * PAGE_TOKENS * rotary) / 2, () => 6 * random.uniform()).flatMap((a) => [Math.cos(a), Math.sin(a)]),
    );
    const gains = { q: vectors.subarray(all, all + headSize), k: vectors.subarray(all + headSize) };
    const found: Deviation[] = [];
    const variants = KV_TYPES.flatMap((kvType, i) =>
      NORMS.map((norm, j) => ({ kvType, norm, style: STYLES[(i + j + headSize / 4) % 2] ?? 'pairs' })),
    );
    for (const { kvType, norm, style } of variants) {
      const room = kvCells(kvType, headSize, kvHeads, table.length).bytes;
      const [, , , , , q, keys, values] = await runKernel(gpu, cache, {
        kernel: ropeCacheKernel,
        choice: { variants: { kv: kvType, rope: style, head_norm: norm }, overrides: { COLS: columns } },
        params: {
          heads,
          kv_heads: kvHeads,
          head_size: headSize,
          rotary,
          pages_per_slot: PAGES,
          epsilon: EPSILON,
          q_scale: 1 / Math.sqrt(headSize),
        },
        buffers: [
          group(qkv, all, columns),
          vectors,
          angles,
          Uint32Array.from(positions.flatMap((p, slot) => [0, slot, p, 0])),
          table,
          new Float32Array(count * heads * headSize),
          room,
          room,
        ],
        workgroups: [heads + 2 * kvHeads, count],
      });
      const qs = new Float32Array(q ?? nothing);
      const [keyCells, valueCells] = [keys, values].map((bytes) => {
        const cells = kvCells(kvType, headSize, kvHeads, table.length);
        cells.bytes.set(new Uint8Array(bytes ?? nothing));
        return cells;
      });
      const normed = norm === 'rms' ? gains : undefined;
      const shape = { heads, kvHeads, headSize, rotary, style, gains: normed, epsilon: EPSILON };
      for (const [slot, p] of positions.entries()) {
        const angle = (pair: number) => {
          const i = p * rotary + 2 * pair;
          return [angles[i] ?? 0, angles[i + 1] ?? 0] as const;
        };
        const expected = ropeCacheReference(shape, qkv[slot] ?? [], vectors, angle);
        const what = `${kvType} ${style} ${norm} size ${headSize}, ${rotary} turned, position ${p}`;
        for (const [h, head] of expected.q.entries()) {
          const from = (slot * heads + h) * headSize;
          found.push({ what: `q: ${what}`, off: worst(qs.subarray(from, from + headSize), head), bound: BOUND });
        }
        for (let kv = 0; kv < kvHeads; kv++) {
          for (const [part, cells, head] of [
            ['keys', keyCells, expected.k[kv] ?? new Float64Array(0)],
            ['values', valueCells, expected.v[kv] ?? new Float64Array(0)],
          ] as const) {
            const kept = cells?.get(part, place(slot, p, kv), p % PAGE_TOKENS) ?? [];
            const largest = head.reduce((top, v) => Math.max(top, Math.abs(v)), 0);
            const bound = BOUND + ROUNDED[kvType] * largest;
            found.push({ what: `${part}: ${what}`, off: worst(kept, head), bound });
          }
        }
      }
    }
    return found;
  },
);
