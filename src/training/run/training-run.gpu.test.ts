import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { PieceHash } from '../../base/branded.ts';
import { createRandom } from '../../base/random.ts';
import { sha256Hex } from '../../base/sha256.ts';
import { createPipelineCache, openGpu, type GpuDevice, type PipelineCache } from '../../gpu/index.ts';
import { createMemoryPieceStore } from '../../weights/index.ts';
import { TrainingDataError } from '../data/errors.ts';
import type { TokenRow } from '../data/token-row.ts';
import { TrainingError } from '../errors.ts';
import { loadTestBase, writeTestModel, type TestBase } from '../testing/base-model.ts';
import { randomExtras, randomParameters, TINY_QWEN3 } from '../testing/random-model.ts';
import { readCheckpoint } from './checkpoint.ts';
import { createTrainingRun, type RunEvent, type TrainingRun, type TrainingRunOptions } from './training-run.ts';

let gpu: GpuDevice;
let cache: PipelineCache;
let base: TestBase;
const store = createMemoryPieceStore();
beforeAll(async () => {
  gpu = await openGpu(navigator.gpu);
  cache = createPipelineCache(gpu.device);
  const config = TINY_QWEN3;
  base = await loadTestBase(
    gpu,
    writeTestModel(config, new Map([...randomParameters(config, 1), ...randomExtras(config, 2)])),
  );
});
afterAll(() => {
  base.free();
  gpu.close();
});

function randomRows(count: number, seed: number): TokenRow[] {
  const random = createRandom(seed);
  return Array.from({ length: count }, () => {
    const tokens = Uint32Array.from({ length: 3 + random.below(9) }, () => random.below(TINY_QWEN3.vocabulary));
    return { tokens, isLearnt: tokens.map((_, i) => (i === 0 ? 0 : 1)) as never as Uint8Array };
  });
}

const rows = { train: randomRows(20, 1), evaluation: randomRows(4, 2) };
const settings = {
  lora: { rank: 4, alpha: 8 },
  rate: { peak: 0.01, warmupSteps: 3 },
  epochs: 5,
  stepTokens: 24,
  seed: 5,
} as const;
const sizes = { batchTokens: 24, checkpointEvery: 10, evaluateEvery: 10, checkpointing: true } as const;

async function runOf(change: Partial<TrainingRunOptions> = {}): Promise<TrainingRun> {
  const fixed = { gpu, cache, base, baseRoot: 'a base', baseBytes: 1, rows, settings, sizes, store };
  return await createTrainingRun({ ...fixed, ...change });
}

const refusal = (run: Promise<unknown>) =>
  run.then(
    () => 'accepted',
    (error: unknown) =>
      error instanceof TrainingError || error instanceof TrainingDataError ? error.code : String(error),
  );

/** Trains from the beginning, or until `stop` says so. */
async function trainAll(change: Partial<TrainingRunOptions> = {}, stop?: (run: TrainingRun, event: RunEvent) => void) {
  const started: { run?: TrainingRun } = {};
  const run = await runOf({ ...change, onEvent: (event) => started.run && stop?.(started.run, event) });
  started.run = run;
  const end = await run.train();
  const adapter = await run.readAdapter();
  run.close();
  return { run, end, adapter };
}

describe('a run that is interrupted goes on with the same bits', () => {
  test('paused in step 23 and resumed from its checkpoint, probed before', async () => {
    const whole = await trainAll();
    expect(whole.end).toBe('done');
    expect(whole.run.curve.length).toBe(whole.run.steps);
    expect(whole.run.steps).toBeGreaterThan(23);
    expect(whole.run.evaluations.map(({ step }) => step).slice(0, 3)).toEqual([0, 10, 20]);
    const first = await trainAll({}, (run, event) => {
      if (event.type === 'step' && event.step === 22) setTimeout(() => run.phase === 'training' && run.pause(), 5);
    });
    expect(first.end).toBe('paused');
    expect(first.run.curve.length).toBeLessThan(whole.run.steps);
    const rest = await runOf({ from: first.run.checkpoint as PieceHash });
    const fit = await rest.probe();
    expect(fit.secondsPerStep).toBeGreaterThan(0);
    expect(fit.memory.total).toBeGreaterThan(0);
    expect(await rest.train()).toBe('done');
    expect(rest.curve).toEqual(whole.run.curve);
    expect(rest.evaluations).toEqual(whole.run.evaluations);
    expect(await rest.readAdapter()).toEqual(whole.adapter);
    rest.close();
  });

  test('lost at any moment and resumed from the last regular checkpoint', async () => {
    const whole = await trainAll();
    const ids: PieceHash[] = [];
    const first = await trainAll({}, (run, event) => {
      if (event.type === 'checkpoint') ids.push(event.id);
      if (event.type === 'step' && event.step === 27) run.cancel();
    });
    expect(first.end).toBe('cancelled');
    expect(first.run.curve.length).toBe(27);
    // The last two stay, older ones are gone.
    expect((await store.has(ids)).size).toBe(2);
    const rest = await trainAll({ from: ids.at(-1) as PieceHash });
    expect(rest.run.curve).toEqual(whole.run.curve);
    expect(rest.adapter).toEqual(whole.adapter);
  });

  test('paused and trained on in place', async () => {
    const whole = await trainAll();
    const run = await runOf({ onEvent: (event) => event.type === 'step' && event.step === 5 && pauseLater() });
    const pauseLater = () => run.pause();
    expect(await run.train()).toBe('paused');
    expect(run.phase).toBe('paused');
    expect(await run.train()).toBe('done');
    expect(run.curve).toEqual(whole.run.curve);
    run.close();
  });
});

test('checkpoints of other runs and other bytes are refused by name, and no checkpoint is harmed', async () => {
  const { run } = await trainAll({}, (run, event) => event.type === 'step' && event.step === 3 && run.pause());
  const from = run.checkpoint as PieceHash;
  const refused = async (change: Partial<TrainingRunOptions>) => await refusal(runOf({ from, ...change }));
  expect(await refused({ baseRoot: 'another base' })).toBe('checkpoint-mismatch');
  expect(await refused({ rows: { ...rows, train: rows.train.slice(1) } })).toBe('checkpoint-mismatch');
  expect(await refused({ settings: { ...settings, seed: 6 } })).toBe('checkpoint-mismatch');
  expect(await refused({ settings: { ...settings, lora: { rank: 8, alpha: 8 } } })).toBe('checkpoint-mismatch');
  const whole = await store.read(from);
  const damaged = [
    whole.subarray(0, 60),
    whole.subarray(0, -4),
    Uint8Array.of(1, 2, 3),
    Uint8Array.from(whole, (byte, i) => (i === 40 ? 0xff : byte)),
  ];
  for (const each of damaged) {
    const bytes = new Uint8Array(each);
    const id = await sha256Hex(bytes);
    await store.put(id, bytes);
    expect(await refused({ from: id })).toBe('checkpoint-invalid');
  }
  expect((await readCheckpoint(store, from)).state.step).toBe(3);
  expect(await refused({})).toBe('accepted');
});

test('a rate that diverges stops at the first loss that is not finite, and the last checkpoint stays', async () => {
  const run = await runOf({ settings: { ...settings, rate: { peak: 1e30 } } });
  expect(await refusal(run.train())).toBe('diverged');
  expect(run.phase).toBe('failed');
  expect(run.curve.every(({ loss }) => Number.isFinite(loss))).toBe(true);
  const kept = await readCheckpoint(store, run.checkpoint as PieceHash);
  expect(kept.state.parameters.every(Number.isFinite)).toBe(true);
  expect(await refusal(run.train())).toBe('run-state');
  run.close();
});

describe('out of memory', () => {
  const large = { ...sizes, batchTokens: 256 };
  test('before the start offers a smaller micro-batch', async () => {
    const offer = { code: 'out-of-memory', details: { value: 256, limit: 128 } };
    await expect(runOf({ sizes: { ...large, budgetBytes: 300_000 } })).rejects.toMatchObject(offer);
  });
  test('in mid-run keeps the checkpoint, from which a smaller micro-batch goes on along the same curve', async () => {
    const free = await runOf({ sizes: large });
    const taken = free.allocatedBytes;
    free.close();
    const expected = await trainAll({ sizes: large });
    const ids: PieceHash[] = [];
    const first = await trainAll({ sizes: large }, (run, event) => {
      if (event.type === 'checkpoint') ids.push(event.id);
      if (event.type === 'step' && event.step === 12) run.pause();
    });
    // Room for reading losses, none for reading the state for the next checkpoint.
    const run = await runOf({
      sizes: { ...large, budgetBytes: taken + 2000 },
      from: first.run.checkpoint as PieceHash,
    });
    await expect(run.train()).rejects.toMatchObject({ code: 'out-of-memory', details: { limit: 128 } });
    expect(run.phase).toBe('failed');
    expect(run.curve.length).toBe(20);
    run.close();
    const rest = await trainAll({ from: run.checkpoint as PieceHash, sizes: { ...large, batchTokens: 128 } });
    rest.run.curve.forEach(({ loss }, i) =>
      expect(Math.abs(loss - (expected.run.curve[i]?.loss ?? Number.NaN))).toBeLessThan(1e-3),
    );
  });
});

test('data and settings that cannot be used are refused by name', async () => {
  expect(await refusal(runOf({ rows: { train: [], evaluation: rows.evaluation } }))).toBe('empty');
  expect(await refusal(runOf({ rows: { train: rows.train, evaluation: [] } }))).toBe('empty');
  expect(await refusal(runOf({ sizes: { ...sizes, batchTokens: 4 } }))).toBe('row-too-long');
  expect(await refusal(runOf({ settings: { ...settings, epochs: 0 } }))).toBe('settings-invalid');
  expect(await refusal(runOf({ settings: { ...settings, rate: { peak: Number.NaN } } }))).toBe('settings-invalid');
  expect(await refusal(runOf({ settings: { ...settings, lora: { rank: 99, alpha: 1 } } }))).toBe('adapter-invalid');
});

test('training yields, and a cancel while it waits ends it', async () => {
  let asked = 0;
  const run = await runOf({
    mayGoOn: async (signal) => {
      asked++;
      if (asked === 4) await new Promise((resolve) => signal.addEventListener('abort', resolve));
    },
  });
  const end = run.train();
  await expect.poll(() => asked).toBe(4);
  expect(run.curve.length).toBe(3);
  expect(() => run.close()).toThrow(TrainingError);
  run.cancel();
  expect(await end).toBe('cancelled');
  expect(() => run.pause()).toThrow(TrainingError);
  run.close();
});
