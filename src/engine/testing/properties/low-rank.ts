import fc from 'fast-check';
import {
  lowRankExpandKernel,
  lowRankExpandTallKernel,
  lowRankShrinkKernel,
  lowRankShrinkTallKernel,
  lowRankSwigluKernel,
  lowRankSwigluTallKernel,
  SHRINK_LANES,
  SHRINK_TALL_ROWS,
} from '../../kernels/low-rank.ts';
import { expandReference, shrinkReference } from '../../kernels/low-rank.reference.ts';
import { swigluReference } from '../../kernels/matmul.reference.ts';
import type { ModelConfig } from '../../model/config.ts';
import { pooledAdapters } from '../pooled-adapters.ts';
import { group, runKernel, ungroup } from '../run-kernel.ts';
import { kernelProperty, numbers, times, worst, type Deviation } from './kernel-property.ts';

/** Ranks of an adapter together, and numbers of a page of ranks. */
const T = 64;
const rank = fc.integer({ min: 0, max: T });
/** At least one slot has an adapter: without any there is no pool. */
const ranks = fc
  .oneof(fc.tuple(rank), fc.array(rank, { minLength: 2, maxLength: 7 }))
  .map(([first = 0, ...others]) => [Math.max(1, first), ...others].toReversed());
const size = fc.integer({ min: 1, max: 12 });
const shapes = fc.record({ width4: size, heads: fc.integer({ min: 1, max: 3 }), head4: size, ffn4: size, ranks });

/** f32 sums of up to 64 terms of f32 sums of up to 48. */
const bound = (inputs: number) => 2 ** -22 * (inputs + T);
const nothing = new ArrayBuffer(0);

function configOf({ width4, heads, head4, ffn4 }: Record<'width4' | 'heads' | 'head4' | 'ffn4', number>) {
  const sizes = { width: 4 * width4, ffnWidth: 4 * ffn4, heads, kvHeads: 1, headSize: 4 * head4 };
  return { layers: 1, ...sizes } as ModelConfig;
}

/** Rows up to the next whole tile too, which are computed and never read. */
const padded = (count: number) => Math.ceil(count / 8) * 8;
const rowsOf = (count: number) => Uint32Array.from(times(padded(count), (m) => [0, m % count, 0, 0]).flat());
/** Four rows a lane need a step of several. */
const severalRanks = fc.array(rank, { minLength: 1, maxLength: 6 }).map((others) => [...others, T]);
const tallShapes = fc.tuple(shapes, severalRanks).map(([shape, all]) => ({ ...shape, ranks: all }));

/** A x of each row's own adapter, for q, k and v at once. */
const shrinkOf = (label: string, isTall: boolean) =>
  kernelProperty(label, 8, isTall ? tallShapes : shapes, async (gpu, cache, { ranks: all, ...shape }, random) => {
    const config = configOf(shape);
    const tensors = { attn_q: config.heads * config.headSize, attn_k: config.headSize, attn_v: config.headSize };
    const { adapters, pool, table, place } = pooledAdapters(config, { tensors, inputs: config.width }, all, random);
    const x = times(all.length, () => numbers(config.width, random));
    const found: Deviation[] = [];
    const columns = all.length === 1 ? 1 : 4;
    const lanesOf = columns === 1 ? (['serial', 'shared'] as const) : (['shared'] as const);
    for (const lanes of isTall ? (['tall'] as const) : lanesOf) {
      const LANES = lanes === 'serial' ? 1 : SHRINK_LANES;
      const [, , , , t = nothing] = await runKernel(gpu, cache, {
        kernel: isTall ? lowRankShrinkTallKernel : lowRankShrinkKernel,
        choice: isTall ? {} : { variants: { lanes }, overrides: { COLS: columns, LANES } },
        params: { pairs: config.width / 2, targets: 3, ...place },
        buffers: [
          pool,
          group(x, config.width, columns),
          rowsOf(all.length),
          table,
          new Float32Array(padded(all.length) * 3 * T),
        ],
        workgroups: isTall
          ? [3, Math.ceil(all.length / SHRINK_TALL_ROWS)]
          : [Math.ceil((3 * 16 * LANES) / 64), all.length],
      });
      const sums = new Float32Array(t);
      for (const [m, pairs] of adapters.entries()) {
        for (const [target, pair] of pairs.entries()) {
          const off = worst(sums.subarray((m * 3 + target) * T), shrinkReference(pair, x[m] ?? []));
          found.push({ what: `${lanes} row ${m} rank ${all[m]} of width ${config.width}`, off, bound: bound(0) });
        }
      }
    }
    return found;
  });
export const shrinkProperty = shrinkOf('', false);
export const shrinkTallProperty = shrinkOf('', true);

/** y + B t of each row's own adapter; rows without one keep their bits. */
const expandOf = (isTall: boolean) =>
  kernelProperty('', 8, isTall ? tallShapes : shapes, async (gpu, cache, { ranks: all, ...shape }, random) => {
    const config = configOf(shape);
    const kept = config.headSize;
    const n1 = config.heads * kept;
    const outputs = n1 + 2 * kept;
    const targets = { tensors: { attn_q: n1, attn_k: kept, attn_v: kept }, inputs: config.width };
    const { adapters, pool, table, place, expansion } = pooledAdapters(config, targets, all, random);
    const columns = all.length === 1 ? 1 : 4;
    const t = numbers(padded(all.length) * 3 * T, random);
    const y = times(all.length, () => numbers(outputs, random));
    const [, , , , out = nothing] = await runKernel(gpu, cache, {
      kernel: isTall ? lowRankExpandTallKernel : lowRankExpandKernel,
      choice: isTall ? {} : { overrides: { COLS: columns } },
      params: { n: outputs, first: 0, n1, n2: n1 + kept, targets: 3, y_stride: outputs, ...place, ...expansion },
      buffers: [pool, zeroedBeyond(t, all, 3), rowsOf(all.length), table, group(y, outputs, columns)],
      workgroups: [Math.ceil(outputs / 256), isTall ? Math.ceil(all.length / 4) : all.length],
    });
    return ungroup(out, all.length, outputs, columns).map((row, m) => {
      const change = (adapters[m] ?? []).flatMap((pair, target) => [
        ...expandReference(pair, t.subarray((m * 3 + target) * T)),
      ]);
      const expected = (y[m] ?? new Float32Array(0)).map((v) => v);
      const sums = Float64Array.from(expected, (v, n) => v + (change[n] ?? 0));
      return { what: `row ${m} rank ${all[m]}`, off: worst(row, sums), bound: change.length > 0 ? bound(0) : 0 };
    });
  });

export const expandProperty = expandOf(false);
export const expandTallProperty = expandOf(true);

/** silu(gate) · up of stored gates and ups, each changed by its row's adapter, for any chunk of them. */
const swigluOf = (isTall: boolean) =>
  kernelProperty(
    '',
    8,
    fc.record({ shape: isTall ? tallShapes : shapes, from: fc.nat(), to: fc.nat() }),
    async (gpu, cache, { shape: { ranks: all, ...shape }, from, to }, random) => {
      const config = configOf(shape);
      const ffn = config.ffnWidth;
      const first = 4 * (from % shape.ffn4);
      const n = 4 * (1 + (to % (shape.ffn4 - first / 4)));
      const targets = { tensors: { ffn_gate: ffn, ffn_up: ffn }, inputs: config.width };
      const { adapters, pool, table, place, expansion } = pooledAdapters(config, targets, all, random);
      const columns = all.length === 1 ? 1 : 4;
      const t = numbers(padded(all.length) * 2 * T, random);
      const stored = times(all.length, () => numbers(2 * ffn, random));
      const out = await runKernel(gpu, cache, {
        kernel: isTall ? lowRankSwigluTallKernel : lowRankSwigluKernel,
        choice: isTall ? {} : { overrides: { COLS: columns } },
        params: { n, first, n1: ffn, n2: 2 * ffn, targets: 2, y_stride: ffn, ...place, ...expansion },
        buffers: [
          pool,
          zeroedBeyond(t, all, 2),
          rowsOf(all.length),
          table,
          group(stored, 2 * ffn, columns),
          new Float32Array(8 * ffn),
        ],
        workgroups: [Math.ceil(n / 256), isTall ? Math.ceil(all.length / 4) : all.length],
      });
      return ungroup(out[5] ?? nothing, all.length, ffn, columns).map((row, m) => {
        const changes = (adapters[m] ?? []).map((pair, target) =>
          expandReference(pair, t.subarray((m * 2 + target) * T)),
        );
        const sums = Float64Array.from({ length: 2 * n }, (_, i) => {
          const change = changes[Math.floor(i / n)]?.[first + (i % n)] ?? 0;
          return (stored[m]?.[2 * first + i] ?? Number.NaN) + change;
        });
        const largest = sums.reduce((top, v) => Math.max(top, Math.abs(v)), 1);
        const off = worst(row.subarray(first, first + n), swigluReference(sums));
        return { what: `row ${m} rank ${all[m]}, ${n} from ${first} of ${ffn}`, off, bound: bound(0) * 3 * largest };
      });
    },
  );

export const lowRankSwigluProperty = swigluOf(false);
export const lowRankSwigluTallProperty = swigluOf(true);

/** The shrunk sums, with zeros at the ranks that a page has and its adapter lacks, as the shrink leaves them. */
function zeroedBeyond(t: Float32Array, ranksOf: readonly number[], targets: number): Float32Array<ArrayBuffer> {
  return Float32Array.from(t, (v, i) => (i % T < (ranksOf[Math.floor(i / (targets * T))] ?? 0) ? v : 0));
}
