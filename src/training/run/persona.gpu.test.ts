import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import personaJsonl from '../../../models/personas/innkeeper.jsonl?raw';
import { createModelTokenizer } from '../../engine/index.ts';
import { hasSharedModels, testModels } from '../../engine/testing/test-models.ts';
import { openGpu, type GpuDevice } from '../../gpu/index.ts';
import { createMemoryPieceStore } from '../../weights/index.ts';
import { prepareDataset } from '../data/prepare-dataset.ts';
import type { TokenRow } from '../data/token-row.ts';
import { initialAdapter } from '../model/adapter-layout.ts';
import { loraScale } from '../model/lora.ts';
import { adamwReference, type ReferenceMoments } from '../reference/adamw.reference.ts';
import { referenceGradients } from '../reference/model.reference.ts';
import { loadTestBase, type TestBase } from '../testing/base-model.ts';
import { learningRateAt } from './learning-rate.ts';
import { planSteps } from './plan-steps.ts';
import { createTrainingRun } from './training-run.ts';

let gpu: GpuDevice;
let base: TestBase;
beforeAll(async () => {
  if (!hasSharedModels) return;
  gpu = await openGpu(navigator.gpu);
  const model = testModels.find(({ name }) => name === 'stories260K-Q8_0');
  if (model) base = await loadTestBase(gpu, await model.file());
});
afterAll(() => {
  if (!hasSharedModels) return;
  base.free();
  gpu.close();
});

describe.skipIf(!hasSharedModels)('an innkeeper on stories260K in Q8_0', () => {
  /** With `maxTokens` of `maxRows` rows. */
  const runOf = async (
    [maxRows, maxTokens]: readonly [number, number],
    epochs: number,
    [stepTokens, batchTokens]: readonly [number, number],
    rank: number,
    peak: number,
  ) => {
    const options = { maxPositions: 256, evaluationShare: 0.15, seed: 7 };
    const dataset = prepareDataset(createModelTokenizer(base.header), personaJsonl, options);
    const cut = ({ tokens, isLearnt }: TokenRow): TokenRow =>
      tokens.length <= maxTokens
        ? { tokens, isLearnt }
        : { tokens: tokens.slice(0, maxTokens), isLearnt: new Uint8Array(maxTokens).fill(1, 1) };
    const rows = { train: dataset.train.slice(0, maxRows).map(cut), evaluation: dataset.evaluation.map(cut) };
    const lora = { rank, alpha: 2 * rank };
    const settings = { lora, rate: { peak, warmupSteps: 4 }, epochs, stepTokens, seed: 1 } as const;
    const sizes = { batchTokens, evaluateEvery: 1000, checkpointEvery: 1000 };
    const store = createMemoryPieceStore();
    const run = await createTrainingRun({
      gpu,
      base,
      baseRoot: 'stories',
      baseBytes: 0,
      rows,
      settings,
      sizes,
      store,
    });
    return { run, rows, settings };
  };

  test('held-out loss falls by at least 30 %', async () => {
    const { run } = await runOf([1000, 1000], 2, [512, 256], 8, 0.01);
    expect(await run.train()).toBe('done');
    const [before, after] = [run.evaluations[0]?.loss ?? Number.NaN, run.evaluations.at(-1)?.loss ?? Number.NaN];
    run.close();
    console.log(`held-out loss ${before.toFixed(3)} → ${after.toFixed(3)} in ${run.steps} steps`);
    expect(after).toBeLessThan(0.7 * before);
  });

  test('the curve of 50 steps is within 1e-3 of a run in f64', async () => {
    // Beginnings of rows, as f64 is slow here.
    const { run, rows, settings } = await runOf([5, 20], 10, [8, 64], 4, 0.005);
    expect(run.steps).toBe(50);
    await run.train();
    const { curve } = run;
    run.close();
    const plan = planSteps(rows.train, settings.seed, settings.epochs, settings.stepTokens);
    const moments = new Map<string, ReferenceMoments>();
    for (const [name, { a, b }] of initialAdapter(base.config, settings.lora, settings.seed)) {
      for (const [part, values] of [['lora_a', a] as const, ['lora_b', b] as const])
        moments.set(`${name}.${part}`, {
          parameters: Float64Array.from(values),
          m: new Float64Array(values.length),
          v: new Float64Array(values.length),
        });
    }
    let worst = 0;
    for (let step = 1; step <= 50; step++) {
      const adapter = [...moments].map(([name, { parameters }]) => [name, parameters] as const);
      const parameters = new Map<string, ArrayLike<number>>([...base.parameters, ...adapter]);
      // Without the rows that only fill a batch up.
      const batches = plan.batchesOf(step, 64).map((batch) => {
        const end = batch.segmentStarts.findIndex((start, t) => start === t && batch.labels[t] === -1 && t > 0);
        const cut = end < 0 ? batch.tokens.length : end;
        return {
          tokens: batch.tokens.slice(0, cut),
          positions: batch.positions.slice(0, cut),
          segmentStarts: batch.segmentStarts.slice(0, cut),
          labels: batch.labels.slice(0, cut),
        };
      });
      const { loss, gradients } = referenceGradients(base.config, parameters, batches, loraScale(settings.lora));
      worst = Math.max(worst, Math.abs(loss - (curve[step - 1]?.loss ?? Number.NaN)));
      const its = [...moments].map(([name, each]) => [each, gradients.get(name) ?? []] as const);
      const norm = Math.sqrt(its.reduce((sum, [, g]) => Array.from(g).reduce((s, x) => s + x * x, sum), 0));
      const learningRate = learningRateAt(settings.rate, step, 50);
      for (const [each, gradient] of its) adamwReference(each, gradient, step, norm, { learningRate }, true);
    }
    console.log(`the curves differ by at most ${worst.toExponential(1)}`);
    expect(curve[49]?.loss).toBeLessThan(0.8 * (curve[0]?.loss ?? 0));
    expect(worst).toBeLessThan(1e-3);
  }, 300_000);
});
