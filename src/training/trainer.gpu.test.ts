import { afterAll, beforeAll, expect, test } from 'vitest';
import { createPipelineCache, openGpu, type GpuDevice, type PipelineCache } from '../gpu/index.ts';
import { adamwReference, type ReferenceMoments } from './reference/adamw.reference.ts';
import { referenceGradients } from './reference/model.reference.ts';
import { randomBatch, randomParameters, relativeError, TINY_LLAMA } from './testing/random-model.ts';
import { TrainingError } from './errors.ts';
import { createTrainer, type TrainerOptions } from './trainer.ts';

let gpu: GpuDevice;
let cache: PipelineCache;
beforeAll(async () => {
  gpu = await openGpu(navigator.gpu);
  cache = createPipelineCache(gpu.device);
});
afterAll(() => gpu.close());

/** f32 sums through a whole model, forward and backward; a wrong sign or a missing factor gives 1e-2 and more. */
const TOLERANCE = 2e-5;

for (const reduction of ['serial', 'shared'] as const) {
  for (const checkpointing of [false, true]) {
    test(`gradients of all parameters, ${reduction}, checkpointing ${checkpointing}`, async () => {
      const parameters = randomParameters(TINY_LLAMA, 3);
      const batches = [randomBatch(TINY_LLAMA, [5, 1, 9, 4], 1), randomBatch(TINY_LLAMA, [13], 2)];
      const trainer = await createTrainer({
        gpu,
        cache,
        config: TINY_LLAMA,
        parameters,
        batchTokens: 24,
        reduction,
        checkpointing,
      });
      const expected = referenceGradients(TINY_LLAMA, parameters, batches);
      const { loss, gradNorm } = await trainer.step(batches, { learningRate: 0 });
      const gradients = await trainer.readGradients();
      trainer.close();
      expect(Math.abs(loss - expected.loss)).toBeLessThan(1e-5);
      let squares = 0;
      for (const [name, gradient] of expected.gradients) {
        expect(relativeError(gradients.get(name) ?? [], gradient), name).toBeLessThan(TOLERANCE);
        squares += gradient.reduce((sum, g) => sum + g * g, 0);
      }
      expect(Math.abs(gradNorm / Math.sqrt(squares) - 1)).toBeLessThan(TOLERANCE);
    });
  }
}

function tinyTrainer(options: Partial<TrainerOptions> = {}) {
  const parameters = randomParameters(TINY_LLAMA, 3);
  return createTrainer({ gpu, cache, config: TINY_LLAMA, parameters, batchTokens: 24, ...options });
}

test('ten steps follow the f64 curve, and the batch that is learned is known in the end', async () => {
  const batches = [randomBatch(TINY_LLAMA, [12, 7], 4)];
  const options = { learningRate: 0.02, weightDecay: 0.1 };
  const trainer = await tinyTrainer();
  const moments = new Map<string, ReferenceMoments>(
    [...randomParameters(TINY_LLAMA, 3)].map(([name, p]) => [
      name,
      { parameters: Float64Array.from(p), m: new Float64Array(p.length), v: new Float64Array(p.length) },
    ]),
  );
  for (let step = 1; step <= 10; step++) {
    const parameters = new Map([...moments].map(([name, each]) => [name, each.parameters]));
    const expected = referenceGradients(TINY_LLAMA, parameters, batches);
    const norm = Math.sqrt([...expected.gradients.values()].flatMap((g) => [...g]).reduce((sum, g) => sum + g * g, 0));
    const { loss } = await trainer.step(batches, options);
    // Adam divides by the size of gradients, so that rounding of small ones counts; it stays far below the curve's fall.
    expect(Math.abs(loss - expected.loss), `step ${step}`).toBeLessThan(1e-3);
    for (const [name, each] of moments)
      adamwReference(each, expected.gradients.get(name) ?? [], step, norm, options, !name.endsWith('_norm.weight'));
  }
  for (let step = 0; step < 60; step++) await trainer.step(batches, options);
  expect((await trainer.evaluate(batches)).loss).toBeLessThan(0.05);
  trainer.close();
});

test('many micro-batches are one batch, and packed segments are as if alone', async () => {
  const one = randomBatch(TINY_LLAMA, [6, 9, 4], 4);
  const parts = [
    [0, 6],
    [6, 15],
    [15, 19],
  ].map(([first = 0, end]) => ({
    tokens: one.tokens.slice(first, end),
    positions: one.positions.slice(first, end),
    segmentStarts: one.segmentStarts.slice(first, end).map((start) => start - first),
    labels: one.labels.slice(first, end),
  }));
  const trainer = await tinyTrainer();
  const together = await trainer.step([one], { learningRate: 0 });
  const expected = await trainer.readGradients();
  const apart = await trainer.step(parts, { learningRate: 0 });
  const found = await trainer.readGradients();
  expect(apart.tokens).toBe(together.tokens);
  expect(Math.abs(apart.loss - together.loss)).toBeLessThan(1e-6);
  for (const [name, gradient] of expected)
    expect(relativeError(found.get(name) ?? [], gradient), name).toBeLessThan(1e-6);
  trainer.close();
});

test('a restored state goes on bit by bit as if never left, and neither checkpointing nor subgroups change a bit', async () => {
  const batches = [1, 2, 3, 4].map((seed) => [randomBatch(TINY_LLAMA, [9, 8], seed)]);
  const options = { learningRate: 0.01 };
  const whole = await tinyTrainer();
  for (const batch of batches) await whole.step(batch, options);
  const expected = await whole.saveState();
  whole.close();
  // Nor do products by subgroups, where the device has them.
  const first = await tinyTrainer({ checkpointing: true, products: 'subgroups' });
  for (const batch of batches.slice(0, 2)) await first.step(batch, options);
  const state = await first.saveState();
  first.close();
  const second = await tinyTrainer({ parameters: randomParameters(TINY_LLAMA, 99) });
  second.restoreState(state);
  for (const batch of batches.slice(2)) await second.step(batch, options);
  expect(await second.saveState()).toEqual(expected);
  second.close();
});

test('a rate that diverges is named, and the parameters stay as they were', async () => {
  const trainer = await tinyTrainer();
  const batches = [randomBatch(TINY_LLAMA, [12], 4)];
  const named = expect.objectContaining({ name: 'TrainingError', code: 'diverged' });
  await trainer.step(batches, { learningRate: 1e30 });
  const before = await trainer.saveState();
  await expect(trainer.step(batches, { learningRate: 1e30 })).rejects.toEqual(named);
  expect(await trainer.saveState()).toEqual(before);
  trainer.close();
});

test('bad batches and states are refused by name', async () => {
  const trainer = await tinyTrainer();
  const batch = randomBatch(TINY_LLAMA, [4, 4], 1);
  const refused = async (change: Partial<typeof batch>) =>
    await trainer.step([{ ...batch, ...change }], { learningRate: 0 }).then(
      () => 'accepted',
      (error: unknown) => (error instanceof TrainingError ? error.code : error),
    );
  expect(await refused({})).toBe('accepted');
  expect(await refused({ labels: new Int32Array(8).fill(-1) })).toBe('no-labels');
  expect(await refused({ labels: new Int32Array(8).fill(43) })).toBe('batch-invalid');
  expect(await refused({ labels: new Int32Array(7) })).toBe('batch-invalid');
  expect(await refused({ tokens: new Uint32Array(8).fill(43) })).toBe('batch-invalid');
  expect(await refused({ segmentStarts: Uint32Array.from([0, 0, 0, 0, 4, 4, 0, 0]) })).toBe('batch-invalid');
  expect(await refused({ segmentStarts: Uint32Array.from([1, 1, 1, 1, 4, 4, 4, 4]) })).toBe('batch-invalid');
  expect(await refused({ positions: new Uint32Array(8).fill(999) })).toBe('batch-invalid');
  expect(await refused({ tokens: new Uint32Array(0) })).toBe('batch-invalid');
  const state = await trainer.saveState();
  expect(() => trainer.restoreState({ ...state, m: state.m.subarray(4) })).toThrow(TrainingError);
  trainer.close();
  expect(await refused({})).toBe('trainer-closed');
  await expect(tinyTrainer({ parameters: new Map() })).rejects.toThrow(TrainingError);
});
