import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRandom, type Random } from '../../base/random.ts';
import { createPipelineCache, openGpu, type GpuDevice, type PipelineCache } from '../../gpu/index.ts';
import { drawWords, type Draw } from '../model/draw-words.ts';
import { DRAW_WORDS } from '../model/run-state.ts';
import { fillRows } from '../model/step-rows.ts';
import { sampleTokenReference } from '../sampler/sample-token.reference.ts';
import { group, runKernel } from '../testing/run-kernel.ts';
import { SERIAL_ROWS } from './lanes.ts';
import { PICK_LANES, pickKernel } from './pick.ts';

let gpu: GpuDevice;
let cache: PipelineCache;
beforeAll(async () => {
  gpu = await openGpu(navigator.gpu);
  cache = createPipelineCache(gpu.device);
});
afterAll(() => gpu.close());

const GREEDY: Draw = {
  sampling: { temperature: 0, topK: 0, topP: 1, seed: 0 },
  record: 0,
  wantsLogProbability: false,
  isMasked: false,
};

interface Picked {
  readonly id: number;
  readonly isCertain: boolean;
  readonly logProbability: number;
}

/** Picks for (slot i, row i); also the ids that became the slots' latest. */
async function pick(
  lanes: 'serial' | 'shared',
  rows: readonly Float32Array[],
  draws: readonly Draw[],
  positions: readonly number[],
  mask: (slot: number, id: number) => boolean = () => true,
): Promise<{ picks: Picked[]; latest: Uint32Array }> {
  const n = rows[0]?.length ?? 0;
  const columns = rows.length === 1 ? 1 : 4;
  const words = new Uint32Array(4 * Math.ceil(rows.length / 4) * 4);
  fillRows(
    words,
    rows.map((_, slot) => ({ token: 0, slot, position: positions[slot] ?? 0, wantsLogits: true, readsLogits: false })),
  );
  const maskWords = Math.ceil(n / 32);
  const masks = new Uint32Array(rows.length * maskWords);
  rows.forEach((_, slot) => {
    for (let id = 0; id < n; id++) {
      const at = slot * maskWords + (id >>> 5);
      if (mask(slot, id)) masks[at] = ((masks[at] ?? 0) | (1 << (id & 31))) >>> 0;
    }
  });
  const allDraws = new Uint32Array(rows.length * DRAW_WORDS);
  draws.forEach((draw, slot) => allDraws.set(drawWords(draw), slot * DRAW_WORDS));
  const WG = lanes === 'serial' ? SERIAL_ROWS : PICK_LANES;
  const LANES = lanes === 'serial' ? 1 : PICK_LANES;
  const [, , , , out, latest] = await runKernel(gpu, cache, {
    kernel: pickKernel,
    choice: { variants: { lanes, draw: 'gumbel' }, overrides: { COLS: columns, WG, LANES } },
    params: { n },
    buffers: [
      group(rows, n, columns),
      words,
      allDraws,
      masks,
      new Uint32Array(words.length),
      new Uint32Array(rows.length),
    ],
    workgroups: [Math.ceil(rows.length / (WG / LANES)), 1],
  });
  const ids = new Uint32Array(out ?? new ArrayBuffer(0));
  const floats = new Float32Array(ids.buffer);
  const picks = rows.map((_, m) => ({
    id: ids[4 * m] ?? -1,
    isCertain: ids[4 * m + 1] === 1,
    logProbability: floats[4 * m + 2] ?? 9,
  }));
  return { picks, latest: new Uint32Array(latest ?? new ArrayBuffer(0)) };
}

/** Logits as a model makes them: a few likely tokens over a long tail. */
function logits(n: number, random: Random): Float32Array {
  const peaks = Array.from({ length: 5 }, () => [random.below(n), 4 + 8 * random.uniform()] as const);
  const row = Float32Array.from(
    { length: n },
    () => 4 * (random.uniform() + random.uniform() + random.uniform() - 1.5),
  );
  for (const [id, height] of peaks) row[id] = (row[id] ?? 0) + height;
  return row;
}

describe.each(['serial', 'shared'] as const)('pick %s', (lanes) => {
  test.each([1, 3, 256, 1001])('greedy of %i, ties to the lowest id', async (n) => {
    const random = createRandom(n);
    for (const count of [1, 6]) {
      const rows = Array.from({ length: count }, () => Float32Array.from({ length: n }, () => random.below(9) - 4));
      const { picks, latest } = await pick(
        lanes,
        rows,
        rows.map(() => GREEDY),
        rows.map(() => 0),
      );
      rows.forEach((row, m) => {
        const best = row.indexOf(Math.max(...row));
        expect(picks[m]).toMatchObject({ id: best, isCertain: true });
        expect(latest[m]).toBe(best);
      });
    }
  });

  test('a certain pick is what f64 draws, and nearly all are certain', async () => {
    const random = createRandom(8);
    let certain = 0;
    let all = 0;
    for (let round = 0; round < 40; round++) {
      const n = 1 + random.below(round % 4 === 0 ? 40 : 900);
      const rows = Array.from({ length: 8 }, () => logits(n, random));
      const draws = rows.map((): Draw => ({
        ...GREEDY,
        sampling: {
          temperature: [0.2, 0.7, 1, 2][random.below(4)] ?? 1,
          topK: [0, 1, 5, 40, n][random.below(5)] ?? 0,
          topP: [0.05, 0.5, 0.9, 0.99, 1][random.below(5)] ?? 1,
          seed: random.below(2 ** 32),
        },
        record: random.below(2 ** 32) * (1 + random.below(1000)),
      }));
      const positions = rows.map(() => random.below(5000));
      const { picks } = await pick(lanes, rows, draws, positions);
      rows.forEach((row, m) => {
        const { sampling, record } = draws[m] ?? GREEDY;
        all++;
        if (!picks[m]?.isCertain) return;
        certain++;
        expect(picks[m]?.id).toBe(sampleTokenReference(row, sampling, { record, position: 1 + (positions[m] ?? 0) }));
      });
    }
    // Uncertain are scores closer than 1e-4 and edges of top-p within 1e-4 of its mass or the last of 12 halvings.
    expect(certain / all).toBeGreaterThan(0.97);
  });

  test('equals at the edge of top-k are left to the CPU', async () => {
    const row = Float32Array.of(1, 1, 1, 1, 0);
    const draw = { ...GREEDY, sampling: { temperature: 1, topK: 2, topP: 1, seed: 5 } };
    const { picks } = await pick(lanes, [row], [draw], [1]);
    expect(picks[0]?.isCertain).toBe(false);
  });

  test('only ids in the mask are picked', async () => {
    const random = createRandom(3);
    const rows = Array.from({ length: 8 }, () => logits(333, random));
    const draws = rows.map((_, m): Draw => ({
      ...GREEDY,
      isMasked: true,
      sampling: { temperature: m % 2, topK: m % 3 ? 0 : 400, topP: 1, seed: m },
    }));
    const allowed = (slot: number, id: number) => id % (slot + 2) === 1;
    const { picks } = await pick(
      lanes,
      rows,
      draws,
      rows.map(() => 9),
      allowed,
    );
    rows.forEach((row, m) => {
      const kept = row.map((v, id) => (allowed(m, id) ? v : Number.NEGATIVE_INFINITY));
      const { sampling } = draws[m] ?? GREEDY;
      expect(picks[m]).toMatchObject({
        id: sampleTokenReference(kept, sampling, { record: 0, position: 10 }),
        isCertain: true,
      });
    });
  });

  test('log-probabilities are those of the whole softmax', async () => {
    const random = createRandom(4);
    const rows = Array.from({ length: 5 }, () => logits(2003, random));
    const draws = rows.map((_, m): Draw => ({
      ...GREEDY,
      wantsLogProbability: true,
      sampling: { ...GREEDY.sampling, temperature: m % 2 },
    }));
    const { picks } = await pick(
      lanes,
      rows,
      draws,
      rows.map(() => 1),
    );
    rows.forEach((row, m) => {
      const { id = 0, logProbability = 9 } = picks[m] ?? {};
      const top = Math.max(...row);
      const mass = row.reduce((sum, v) => sum + Math.exp(v - top), 0);
      // Sums of 2003 terms in blocks of 64: a few 1e-6 of the mass.
      expect(Math.abs(logProbability - ((row[id] ?? 0) - top - Math.log(mass)))).toBeLessThan(2e-5);
    });
  });
});
