import fc from 'fast-check';
import {
  ATTENTION_SERIAL_DIMENSIONS,
  ATTENTION_SERIAL_WG,
  attentionKernel,
  attentionSerialKernel,
} from '../../kernels/attention.ts';
import { attentionReference } from '../../kernels/attention.reference.ts';
import { KV_TYPES } from '../../model/kv-type.ts';
import { PAGE_TOKENS } from '../../model/run-state.ts';
import { kvCells } from '../kv-cells.ts';
import { runKernel, ungroup } from '../run-kernel.ts';
import { kernelProperty, numbers, times, worst, type Deviation, type KernelProperty } from './kernel-property.ts';
import { shuffledPages } from './paged.ts';

const PAGES = 19;
/** Scores up to the head size, exponentials to a few ulp of them: relative 1e-5 of values up to 1. */
const BOUND = 3e-5;
const position = fc.integer({ min: 0, max: PAGES * PAGE_TOKENS - 1 });

const shapes = fc.record({
  kvHeads: fc.integer({ min: 1, max: 3 }),
  ratio: fc.integer({ min: 1, max: 3 }),
  head4: fc.integer({ min: 1, max: 20 }),
  positions: fc.oneof(fc.tuple(position), fc.array(position, { minLength: 2, maxLength: 5 })),
});

const attentionProperty = (kernel: typeof attentionKernel, across: (heads: number, size: number) => number) =>
  kernelProperty('', 5, shapes, async (gpu, cache, { kvHeads, ratio, head4, positions }, random) => {
    const [heads, size, count] = [kvHeads * ratio, 4 * head4, positions.length];
    const { table, place } = shuffledPages(count, PAGES, kvHeads, random);
    const q = numbers(count * heads * size, random);
    const columns = count === 1 ? 1 : 4;
    const found: Deviation[] = [];
    for (const kvType of KV_TYPES) {
      const [keys, values] = [0, 1].map(() => kvCells(kvType, size, kvHeads, table.length));
      if (!keys || !values) continue;
      for (const [slot, last] of positions.entries()) {
        for (let p = 0; p <= last; p++) {
          for (let kv = 0; kv < kvHeads; kv++) {
            keys.set('keys', place(slot, p, kv), p % PAGE_TOKENS, numbers(size, random));
            values.set('values', place(slot, p, kv), p % PAGE_TOKENS, numbers(size, random));
          }
        }
      }
      const [, , , , , out = new ArrayBuffer(0)] = await runKernel(gpu, cache, {
        kernel,
        choice: { variants: { kv: kvType }, overrides: { COLS: columns } },
        params: { heads, kv_heads: kvHeads, head4, pages_per_slot: PAGES },
        buffers: [
          q,
          keys.bytes,
          values.bytes,
          Uint32Array.from(positions.flatMap((p, slot) => [0, slot, p, 0])),
          table,
          new Float32Array(8 * heads * size),
        ],
        workgroups: [across(heads, size), count],
      });
      for (const [slot, row] of ungroup(out, count, heads * size, columns).entries()) {
        const earlier = times((positions[slot] ?? 0) + 1, (p) => p);
        for (let h = 0; h < heads; h++) {
          const kv = Math.floor(h / ratio);
          const expected = attentionReference(
            q.subarray((slot * heads + h) * size, (slot * heads + h + 1) * size),
            earlier.map((p) => keys.get('keys', place(slot, p, kv), p % PAGE_TOKENS)),
            earlier.map((p) => values.get('values', place(slot, p, kv), p % PAGE_TOKENS)),
          );
          const off = worst(row.subarray(h * size, (h + 1) * size), expected);
          const what = `${kvType}: head ${h} of ${heads}, ${earlier.length} positions, size ${size}`;
          found.push({ what, off, bound: BOUND });
        }
      }
    }
    return found;
  });

export const attentionProperties: readonly KernelProperty[] = [attentionProperty(attentionKernel, (heads) => heads)];

export const attentionSerialProperties: readonly KernelProperty[] = [
  attentionProperty(attentionSerialKernel, (heads, size) =>
    Math.ceil((heads * Math.ceil(size / ATTENTION_SERIAL_DIMENSIONS)) / ATTENTION_SERIAL_WG),
  ),
];
