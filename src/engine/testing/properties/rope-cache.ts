import fc from 'fast-check';
import { ropeCacheKernel } from '../../kernels/rope-cache.ts';
import { ropeCacheReference } from '../../kernels/rope-cache.reference.ts';
import { PAGE_TOKENS } from '../../model/run-state.ts';
import { group, runKernel } from '../run-kernel.ts';
import { kernelProperty, numbers, times, worst, type Deviation } from './kernel-property.ts';
import { keyIndex, shuffledPages, valueIndex } from './paged.ts';

const PAGES = 3;
/** Numbers up to √size of a few roundings, and the norm's division and square root. */
const BOUND = 2e-5;
const STYLES = ['pairs', 'halves'] as const;
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
    const { table, at } = shuffledPages(count, PAGES, random);
    const angles = Float32Array.from(
      times((PAGES * PAGE_TOKENS * rotary) / 2, () => 6 * random.uniform()).flatMap((a) => [Math.cos(a), Math.sin(a)]),
    );
    const gains = { q: vectors.subarray(all, all + headSize), k: vectors.subarray(all + headSize) };
    const found: Deviation[] = [];
    for (const style of STYLES) {
      for (const norm of ['none', 'rms'] as const) {
        const epsilon = 1e-5;
        const kv = new Float32Array(count * PAGES * PAGE_TOKENS * kvHeads * headSize);
        const [, , , , , q, keys, values] = await runKernel(gpu, cache, {
          kernel: ropeCacheKernel,
          choice: { variants: { rope: style, head_norm: norm }, overrides: { COLS: columns } },
          params: {
            heads,
            kv_heads: kvHeads,
            head_size: headSize,
            rotary,
            pages_per_slot: PAGES,
            epsilon,
            q_scale: 1 / Math.sqrt(headSize),
          },
          buffers: [
            group(qkv, all, columns),
            vectors,
            angles,
            Uint32Array.from(positions.flatMap((p, slot) => [0, slot, p, 0])),
            table,
            new Float32Array(count * heads * headSize),
            kv,
            kv,
          ],
          workgroups: [heads + 2 * kvHeads, count],
        });
        const [qs, ks, vs] = [q, keys, values].map((buffer) => new Float32Array(buffer ?? new ArrayBuffer(0)));
        const shape = { heads, kvHeads, headSize, rotary, style, gains: norm === 'rms' ? gains : undefined, epsilon };
        for (const [slot, p] of positions.entries()) {
          const angle = (pair: number) => {
            const i = p * rotary + 2 * pair;
            return [angles[i] ?? 0, angles[i + 1] ?? 0] as const;
          };
          const expected = ropeCacheReference(shape, qkv[slot] ?? [], vectors, angle);
          const { page, inPage } = at(slot, p);
          const cached = (from: Float32Array | undefined, index: typeof keyIndex, h: number) =>
            times(headSize, (d) => from?.[index(page, inPage, h, d, kvHeads, headSize)] ?? Number.NaN);
          const what = `${style} ${norm} size ${headSize}, ${rotary} turned, position ${p}`;
          const note = (part: string, off: number) => found.push({ what: `${part}: ${what}`, off, bound: BOUND });
          for (const [h, head] of expected.q.entries()) {
            const from = (slot * heads + h) * headSize;
            note(`q ${h}`, worst(qs?.subarray(from, from + headSize) ?? [], head));
          }
          for (const [h, head] of expected.k.entries()) note(`k ${h}`, worst(cached(ks, keyIndex, h), head));
          for (const [h, head] of expected.v.entries()) note(`v ${h}`, worst(cached(vs, valueIndex, h), head));
        }
      }
    }
    return found;
  },
);
