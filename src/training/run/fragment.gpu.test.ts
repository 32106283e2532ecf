import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRandom } from '../../base/random.ts';
import { createPipelineCache, openGpu, type GpuDevice } from '../../gpu/index.ts';
import { initialAdapter } from '../model/adapter-layout.ts';
import { TrainingError } from '../errors.ts';
import { loadTestBase, writeTestModel, type TestBase } from '../testing/base-model.ts';
import { randomExtras, randomParameters, TINY_LLAMA } from '../testing/random-model.ts';
import { adapterRoot, rowsRoot } from './content-address.ts';
import { checkFragment, runFragment, type FragmentInputs, type FragmentTask } from './fragment.ts';

let gpu: GpuDevice;
let base: TestBase;
let inputs: FragmentInputs;
let task: FragmentTask;
const lora = { rank: 4, alpha: 4 };
beforeAll(async () => {
  gpu = await openGpu(navigator.gpu);
  const config = TINY_LLAMA;
  const file = writeTestModel(config, new Map([...randomParameters(config, 1), ...randomExtras(config, 2)]));
  base = await loadTestBase(gpu, file);
  const random = createRandom(4);
  const rows = Array.from({ length: 5 }, () => ({
    tokens: Uint32Array.from({ length: 8 }, () => random.below(config.vocabulary)),
    isLearnt: Uint8Array.of(0, 1, 1, 1, 0, 1, 1, 1),
  }));
  const adapter = initialAdapter(config, lora, 9);
  inputs = { gpu, cache: createPipelineCache(gpu.device), base, baseRoot: 'base', adapter, rows };
  task = {
    base: 'base',
    adapter: await adapterRoot(adapter),
    rows: await rowsRoot(rows),
    settings: { lora, rate: { peak: 0.01, decay: 'linear' }, stepTokens: 14, seed: 3 },
    batchTokens: 16,
    steps: 7,
  };
});
afterAll(() => {
  base.free();
  gpu.close();
});

const refusal = (answer: Promise<unknown>) =>
  answer.then(
    () => 'accepted',
    (error: unknown) => (error instanceof TrainingError ? error.code : String(error)),
  );

test('the same task gives the same bits, and whatever else is claimed is refused', async () => {
  const result = await runFragment(task, inputs);
  expect(result.losses.length).toBe(7);
  expect(result.tokens).toBeGreaterThan(7 * 6);
  expect([...result.delta.values()].some(({ b }) => b.some((change) => change !== 0))).toBe(true);
  expect(await refusal(checkFragment(task, result, inputs))).toBe('accepted');
  const losses = result.losses.map((loss, i) => (i === 4 ? loss + 1e-7 : loss));
  expect(await refusal(checkFragment(task, { ...result, losses }, inputs))).toBe('claim-invalid');
  expect(await refusal(checkFragment(task, { ...result, losses: losses.slice(0, 3) }, inputs))).toBe('claim-invalid');
  const other = await runFragment({ ...task, settings: { ...task.settings, seed: 4 } }, inputs);
  expect(other.deltaRoot).not.toBe(result.deltaRoot);
  expect(await refusal(checkFragment(task, { ...result, deltaRoot: other.deltaRoot }, inputs))).toBe('claim-invalid');
  expect(await refusal(checkFragment(task, { ...result, numericClass: 'x' }, inputs))).toBe('task-mismatch');
});

test('inputs that the task does not name are refused before a step', async () => {
  expect(await refusal(runFragment({ ...task, base: 'other' }, inputs))).toBe('task-mismatch');
  expect(await refusal(runFragment({ ...task, adapter: 'other' }, inputs))).toBe('task-mismatch');
  expect(await refusal(runFragment(task, { ...inputs, rows: inputs.rows.slice(1) }))).toBe('task-mismatch');
  expect(await refusal(runFragment({ ...task, steps: 1e6 }, inputs))).toBe('settings-invalid');
  const aborted = { ...inputs, signal: AbortSignal.abort() };
  expect(await refusal(runFragment(task, aborted))).toContain('AbortError');
});
