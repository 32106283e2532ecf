import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRandom } from '../../base/random.ts';
import { createPipelineCache, openGpu, type GpuDevice, type PipelineCache } from '../../gpu/index.ts';
import type { ModelConfig } from '../model/config.ts';
import { fillRows } from '../model/step-rows.ts';
import { pooledAdapters, type Targets } from '../testing/pooled-adapters.ts';
import { group, runKernel, ungroup } from '../testing/run-kernel.ts';
import { expandReference, shrinkReference } from './low-rank.reference.ts';
import {
  lowRankExpandKernel,
  lowRankExpandTallKernel,
  lowRankShrinkKernel,
  lowRankShrinkTallKernel,
  lowRankSwigluKernel,
  lowRankSwigluTallKernel,
  SHRINK_LANES,
  SHRINK_TALL_ROWS,
} from './low-rank.ts';
import { swigluReference } from './matmul.reference.ts';

let gpu: GpuDevice;
let cache: PipelineCache;
beforeAll(async () => {
  gpu = await openGpu(navigator.gpu);
  cache = createPipelineCache(gpu.device);
});
afterAll(() => gpu.close());

const WIDTH = 12;
const CONFIG = { layers: 1, width: WIDTH, ffnWidth: 20, heads: 3, kvHeads: 1, headSize: 8 } as ModelConfig;
/** Ranks of the slots' adapters; 0 stands for none. */
const RANKS = [1, 0, 16, 64, 9, 8];
const random = createRandom(3);
const numbers = (count: number) => Float32Array.from({ length: count }, () => random.uniform() - 0.5);
const pooled = (targets: Targets) => pooledAdapters(CONFIG, targets, RANKS, random);

const rowsOf = (count: number) => {
  const words = new Uint32Array(4 * Math.ceil(count / 8) * 8);
  fillRows(
    words,
    Array.from({ length: count }, (_, slot) => ({
      token: 0,
      slot,
      position: 0,
      wantsLogits: false,
      readsLogits: false,
    })),
  );
  return words;
};

const QKV: Targets = { tensors: { attn_q: 24, attn_k: 8, attn_v: 8 }, inputs: WIDTH };
const cases = [
  { lanes: 'serial', columns: 1, isTall: false },
  { lanes: 'serial', columns: 4, isTall: true },
  { lanes: 'shared', columns: 1, isTall: false },
  { lanes: 'shared', columns: 4, isTall: false },
] as const;

test.each(cases)('$lanes lanes, $columns columns: every row gets the change of its own adapter', async (choice) => {
  const { lanes, columns, isTall } = choice;
  const { adapters, pool, table, place, expansion } = pooled(QKV);
  const rows = columns === 1 ? 1 : RANKS.length;
  const targets = 3;
  const outputs = 40;
  const x = Array.from({ length: rows }, () => numbers(WIDTH));
  const y = Array.from({ length: rows }, () => numbers(outputs));
  const LANES = lanes === 'serial' ? 1 : SHRINK_LANES;
  const shrunk = await runKernel(gpu, cache, {
    kernel: isTall ? lowRankShrinkTallKernel : lowRankShrinkKernel,
    choice: isTall ? {} : { variants: { lanes }, overrides: { COLS: columns, LANES } },
    params: { pairs: WIDTH / 2, targets, ...place },
    buffers: [pool, group(x, WIDTH, columns), rowsOf(rows), table, new Float32Array(8 * targets * 64)],
    workgroups: isTall ? [targets, Math.ceil(rows / SHRINK_TALL_ROWS)] : [Math.ceil((targets * 16 * LANES) / 64), rows],
  });
  const [, , , , t = new ArrayBuffer(0)] = shrunk;
  const expanded = await runKernel(gpu, cache, {
    kernel: isTall ? lowRankExpandTallKernel : lowRankExpandKernel,
    choice: isTall ? {} : { overrides: { COLS: columns } },
    params: { n: outputs, first: 0, n1: 24, n2: 32, targets, y_stride: outputs, ...place, ...expansion },
    buffers: [pool, new Float32Array(t), rowsOf(rows), table, group(y, outputs, columns)],
    workgroups: [1, isTall ? Math.ceil(rows / 4) : rows],
  });
  const found = ungroup(expanded[4] ?? new ArrayBuffer(0), rows, outputs, columns);
  for (const [m, values] of found.entries()) {
    const row = x[m] ?? [];
    const before = y[m] ?? new Float32Array(0);
    const change = (adapters[m] ?? []).flatMap((pair) => [...expandReference(pair, shrinkReference(pair, row))]);
    if (change.length === 0) expect(values).toEqual(before);
    // f32 sums of at most 12 and 64 terms below 1.
    for (const [n, value] of values.entries())
      expect(Math.abs(value - ((before[n] ?? 9) + (change[n] ?? 0)))).toBeLessThan(2e-6);
  }
});

test.each([false, true])(
  'gates and ups of a later chunk are changed before they are multiplied, tall %s',
  async (isTall) => {
    const { adapters, pool, table, place, expansion } = pooled({
      tensors: { ffn_gate: 20, ffn_up: 20 },
      inputs: WIDTH,
    });
    const rows = RANKS.length;
    const [ffn, first, n] = [20, 8, 12];
    const x = Array.from({ length: rows }, () => numbers(WIDTH));
    const stored = Array.from({ length: rows }, () => numbers(2 * ffn));
    const t = new Float32Array(8 * 2 * 64);
    for (const [m, pairs] of adapters.entries())
      for (const [target, pair] of pairs.entries()) t.set(shrinkReference(pair, x[m] ?? []), (m * 2 + target) * 64);
    const out = await runKernel(gpu, cache, {
      kernel: isTall ? lowRankSwigluTallKernel : lowRankSwigluKernel,
      choice: isTall ? {} : { overrides: { COLS: 4 } },
      params: { n, first, n1: ffn, n2: 2 * ffn, targets: 2, y_stride: ffn, ...place, ...expansion },
      buffers: [pool, t, rowsOf(rows), table, group(stored, 2 * ffn, 4), new Float32Array(8 * ffn)],
      workgroups: [1, isTall ? Math.ceil(rows / 4) : rows],
    });
    const found = ungroup(out[5] ?? new ArrayBuffer(0), rows, ffn, 4);
    for (const [m, values] of found.entries()) {
      const changes = (adapters[m] ?? []).map((pair) => expandReference(pair, shrinkReference(pair, x[m] ?? [])));
      const sums = Float64Array.from({ length: 2 * n }, (_, i) => {
        const target = Math.floor(i / n);
        return (stored[m]?.[2 * first + i] ?? 9) + (changes[target]?.[first + (i % n)] ?? 0);
      });
      const expected = swigluReference(sums);
      for (let i = 0; i < n; i++) expect(Math.abs((values[first + i] ?? 9) - (expected[i] ?? 0))).toBeLessThan(4e-6);
    }
  },
);
