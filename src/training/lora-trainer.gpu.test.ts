import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AdapterWeights, ModelConfig } from '../engine/index.ts';
import { testModels } from '../engine/testing/test-models.ts';
import { createPipelineCache, openGpu, type GpuDevice, type PipelineCache } from '../gpu/index.ts';
import { loraScale, type LoraOptions } from './model/lora.ts';
import { createLoraTrainer, type LoraTrainerOptions } from './lora-trainer.ts';
import { referenceGradients } from './reference/model.reference.ts';
import { loadTestBase, writeTestModel, type TestBase } from './testing/base-model.ts';
import { jaxLoraGradients } from './testing/jax-gradients.ts';
import {
  randomAdapter,
  randomBatch,
  randomExtras,
  randomParameters,
  relativeError,
  TINY_LLAMA,
  TINY_QWEN2,
  TINY_QWEN3,
} from './testing/random-model.ts';
import { TrainingError } from './errors.ts';

let gpu: GpuDevice;
let cache: PipelineCache;
beforeAll(async () => {
  gpu = await openGpu(navigator.gpu);
  cache = createPipelineCache(gpu.device);
});
afterAll(() => gpu.close());

/** f32 sums through a whole model, forward and backward; a wrong sign or a missing factor gives 1e-2 and more. */
const TOLERANCE = 2e-5;

function tinyFile(config: ModelConfig) {
  return writeTestModel(config, new Map([...randomParameters(config, 1), ...randomExtras(config, 2)]));
}

function adapterOf(tensors: ReadonlyMap<string, Float32Array<ArrayBuffer>>, lora: LoraOptions): AdapterWeights {
  const names = [...tensors.keys()].filter((name) => name.endsWith('.lora_a'));
  return new Map(
    names.map((name) => {
      const tensor = name.replace('.lora_a', '');
      const a = tensors.get(name) ?? new Float32Array();
      const b = tensors.get(`${tensor}.lora_b`) ?? new Float32Array();
      return [tensor, { rank: lora.rank, scale: loraScale(lora), a, b }];
    }),
  );
}

/** One step at rate 0 with every gradient, and the adapter's tensors by name. */
async function gradientsOf(base: TestBase, lora: LoraOptions, options: Partial<LoraTrainerOptions> = {}) {
  const tensors = randomAdapter(base.config, lora, 3);
  const batches = [randomBatch(base.config, [4, 1, 5], 4), randomBatch(base.config, [6], 5)];
  const adapter = adapterOf(tensors, lora);
  const trainer = await createLoraTrainer({ gpu, cache, base, lora, adapter, batchTokens: 12, ...options });
  const { loss } = await trainer.step(batches, { learningRate: 0 });
  const padded = await trainer.readGradients();
  const kept = await trainer.readAdapter();
  trainer.close();
  expect(kept).toEqual(adapter);
  const gradients = new Map(
    [...tensors].map(([name, { length }]) => [name, unpad(padded.get(name), name, length, lora)]),
  );
  return { tensors, batches, loss, gradients };
}

/** Ranks are filled up to multiples of 4 on the GPU. */
function unpad(values: Float32Array | undefined, name: string, length: number, { rank }: LoraOptions): Float32Array {
  const wide = Math.ceil(rank / 4) * 4;
  if (name.endsWith('.lora_a') || !values) return values?.subarray(0, length) ?? new Float32Array(length);
  return Float32Array.from({ length }, (_, i) => values[Math.floor(i / rank) * wide + (i % rank)] ?? Number.NaN);
}

for (const [config, lora, checkpointing, reduction] of [
  [TINY_LLAMA, { rank: 3, alpha: 2 }, false, 'serial'],
  [TINY_QWEN2, { rank: 4, alpha: 3, isRankStabilised: true }, true, 'shared'],
  [TINY_QWEN3, { rank: 6, alpha: 5 }, true, 'serial'],
  [TINY_QWEN3, { rank: 1, alpha: 1, targets: ['attn_k', 'ffn_up', 'ffn_down'] }, false, 'shared'],
] as const) {
  test(`gradients of an adapter of ${config.architecture}, rank ${lora.rank}, checkpointing ${checkpointing}, as autodiff has them`, async () => {
    // Matrices cut into chunks of few rows, as large ones are.
    const base = await loadTestBase(gpu, tinyFile(config), 1500);
    const attention = reduction === 'serial' ? 'tiles' : 'rows';
    const options = { checkpointing, reduction, attention, headChunks: { rows: 64, tokens: 64 } } as const;
    const { tensors, batches, loss, gradients } = await gradientsOf(base, lora, options);
    const parameters = new Map<string, ArrayLike<number>>([...base.parameters, ...tensors]);
    base.free();
    const expected = await jaxLoraGradients(config, parameters, batches, loraScale(lora));
    expect(Math.abs(loss - expected.loss)).toBeLessThan(1e-5);
    expect(expected.gradients.size).toBe(gradients.size);
    for (const [name, gradient] of expected.gradients)
      expect(relativeError(gradients.get(name) ?? [], gradient), name).toBeLessThan(TOLERANCE);
  });
}

test.each(testModels.map((model) => [model.name, model] as const))(
  'gradients of an adapter on %s, in the types of its file',
  async (_, model) => {
    const lora = { rank: 4, alpha: 4 };
    const base = await loadTestBase(gpu, await model.file());
    const { tensors, batches, loss, gradients } = await gradientsOf(base, lora, { checkpointing: true });
    base.free();
    const parameters = new Map<string, ArrayLike<number>>([...base.parameters, ...tensors]);
    const expected = referenceGradients(base.config, parameters, batches, loraScale(lora));
    expect(Math.abs(loss - expected.loss)).toBeLessThan(1e-4);
    for (const [name, gradient] of gradients)
      expect(relativeError(gradient, expected.gradients.get(name) ?? []), name).toBeLessThan(TOLERANCE);
  },
);

test('a vocabulary in parts gives what a whole one gives, and checkpointing changes no bit', async () => {
  const config = { ...TINY_LLAMA, vocabulary: 150 };
  const base = await loadTestBase(gpu, tinyFile(config));
  const lora = { rank: 4, alpha: 4 };
  const whole = await gradientsOf(base, lora, { headChunks: { rows: 64, tokens: 192 } });
  const parts = await gradientsOf(base, lora, { headChunks: { rows: 64, tokens: 64 } });
  const again = await gradientsOf(base, lora, { headChunks: { rows: 64, tokens: 64 }, checkpointing: true });
  base.free();
  expect(Math.abs(parts.loss - whole.loss)).toBeLessThan(1e-6);
  for (const [name, gradient] of whole.gradients)
    expect(relativeError(parts.gradients.get(name) ?? [], gradient), name).toBeLessThan(2e-6);
  expect(again.gradients).toEqual(parts.gradients);
});

test('what is learned is read back, resumes bit by bit, and 8-bit moments learn as well', async () => {
  const base = await loadTestBase(gpu, tinyFile(TINY_QWEN3));
  const batches = [randomBatch(TINY_QWEN3, [9, 7], 4)];
  const options = { learningRate: 0.02 };
  const losses: number[] = [];
  for (const momentBits of [32, 8] as const) {
    const form = { gpu, cache, base, lora: { rank: 8, alpha: 16 }, batchTokens: 16, momentBits };
    const whole = await createLoraTrainer(form);
    const before = await whole.evaluate(batches);
    for (let step = 0; step < 3; step++) await whole.step(batches, options);
    const state = await whole.saveState();
    const rest: number[] = [];
    for (let step = 0; step < 40; step++) rest.push((await whole.step(batches, options)).loss);
    const again = await createLoraTrainer({ ...form, seed: 9 });
    again.restoreState(state);
    const found: number[] = [];
    for (let step = 0; step < 40; step++) found.push((await again.step(batches, options)).loss);
    expect(found).toEqual(rest);
    expect(await again.readAdapter()).toEqual(await whole.readAdapter());
    losses.push(rest.at(-1) ?? Number.NaN);
    expect(rest.at(-1)).toBeLessThan(0.3 * before.loss);
    whole.close();
    again.close();
  }
  base.free();
  expect(Math.abs((losses[0] ?? 0) - (losses[1] ?? 9))).toBeLessThan(0.2);
});

test('adapters that do not fit are refused by name', async () => {
  const base = await loadTestBase(gpu, tinyFile(TINY_LLAMA));
  const lora = { rank: 4, alpha: 4 };
  const right = adapterOf(randomAdapter(TINY_LLAMA, lora, 3), lora);
  const refusal = async (options: Partial<LoraTrainerOptions>) =>
    await createLoraTrainer({ gpu, cache, base, lora, adapter: right, batchTokens: 8, ...options }).then(
      (trainer) => (trainer.close(), 'accepted'),
      (error: unknown) => (error instanceof TrainingError ? error.code : error),
    );
  const changed = (change: Partial<{ rank: number; scale: number; a: Float32Array<ArrayBuffer> }>) =>
    new Map([...right].map(([name, pair], i) => [name, i === 0 ? { ...pair, ...change } : pair]));
  expect(await refusal({})).toBe('accepted');
  expect(await refusal({ lora: { rank: 0, alpha: 1 } })).toBe('adapter-invalid');
  expect(await refusal({ lora: { rank: 65, alpha: 1 } })).toBe('adapter-invalid');
  expect(await refusal({ lora: { ...lora, alpha: Number.NaN } })).toBe('adapter-invalid');
  expect(await refusal({ lora: { ...lora, targets: [] } })).toBe('adapter-invalid');
  expect(await refusal({ lora: { ...lora, targets: ['attn_q'] } })).toBe('adapter-invalid');
  expect(await refusal({ adapter: changed({ rank: 8 }) })).toBe('adapter-invalid');
  expect(await refusal({ adapter: changed({ scale: 2 }) })).toBe('adapter-invalid');
  expect(await refusal({ adapter: changed({ a: new Float32Array(3) }) })).toBe('adapter-invalid');
  expect(await refusal({ adapter: changed({ a: new Float32Array(80).fill(Number.NaN) }) })).toBe('adapter-invalid');
  expect(await refusal({ adapter: new Map() })).toBe('adapter-invalid');
  const memory = { code: 'out-of-memory' };
  expect(await refusal({ budgetBytes: 1000 })).toMatchObject(memory);
  base.free();
});
