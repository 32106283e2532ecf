import { afterAll, beforeAll, expect, test } from 'vitest';
import { createGpuMemory, createPipelineCache, GpuError, openGpu, type GpuDevice } from '../../gpu/index.ts';
import { createMemoryPieceStore } from '../../weights/index.ts';
import { createEngineApi, type EngineEvent, type ModelSource, type TuningStore } from '../index.ts';
import { loadWeights } from '../model/load-weights.ts';
import { reductionLabel, reductionsOf } from '../model/reduction.ts';
import { allocateRunState } from '../model/run-state.ts';
import { reachableGpu } from '../testing/reachable-gpu.ts';
import { storeFile } from '../testing/store-file.ts';
import { testModels } from '../testing/test-models.ts';
import { orderBySpeed } from './tune-reductions.ts';

const model = testModels.find(({ name }) => name === 'stories260K-Q8_0') ?? testModels[0];
const store = createMemoryPieceStore();
let gpu: GpuDevice;
let source: ModelSource;
beforeAll(async () => {
  gpu = await openGpu(navigator.gpu);
  source = await storeFile(store, (await model?.file()) ?? new Uint8Array(0), 64 * 1024);
});
afterAll(() => gpu.close());

/** A device that does not say that it is software, so that it is measured. */
function unknownGpu(change: (device: GPUDevice) => void = () => undefined) {
  const { gpu: real, devices } = reachableGpu(change);
  const requestAdapter = async () => {
    const adapter = await real.requestAdapter();
    if (!adapter) return null;
    const { subgroupMinSize, subgroupMaxSize } = adapter.info;
    const info = { vendor: 'some', architecture: 'new', description: 'one', subgroupMinSize, subgroupMaxSize };
    return Object.assign(adapter, { info });
  };
  return { gpu: { requestAdapter } as unknown as GPU, devices };
}

async function open(gpuOf: GPU, tunings?: TuningStore) {
  const engine = createEngineApi({ store, gpu: gpuOf, ...(tunings ? { tunings } : {}) });
  await engine.loadModel(source, () => undefined, { contextTokens: 64 });
  const run = async () => {
    const events: EngineEvent[] = [];
    const sampling = { temperature: 0, topK: 0, topP: 1, seed: 0 };
    const request = { id: 'a', model: source.root, prompt: Uint32Array.of(1, 2), maxTokens: 4 };
    await engine.generate({ ...request, sampling, record: 0, stop: [] }, (event) => void events.push(event));
    const done = events.at(-1);
    if (done?.t !== 'done') throw new TypeError(JSON.stringify(done));
    return { reduction: done.numericClass.split('/')[2], tokens: Array.from(done.tokens) };
  };
  return { engine, run };
}

/** Tunings that a test can look at and prepare. */
function openTunings(answer?: unknown) {
  const kept = new Map<string, string>();
  const tunings: TuningStore = {
    get: async (key) => answer ?? kept.get(key),
    set: async (key, value) => void kept.set(key, value),
  };
  return { kept, tunings };
}

const labels = () => reductionsOf({ ...gpu.report, isSoftware: false }).map(reductionLabel);

test('candidates come in the order of their times, what does not compile behind them', async () => {
  const { device } = gpu;
  const memory = createGpuMemory(device);
  const cache = createPipelineCache(device);
  const options = { onProgress: () => undefined, signal: new AbortController().signal };
  const { config, view: weights } = await loadWeights(device.queue, memory, store, source, options);
  const limits = { slots: 4, contextTokens: 64, pages: 16, maxRows: 8, maxLogitRows: 8, kvType: 'f32' as const };
  const state = await allocateRunState(config, limits, weights.ropeFactors, device.queue, memory);
  const before = memory.allocatedBytes;
  const trial = { gpu, cache, config, weights, state };
  const [first, second] = reductionsOf(gpu.report);
  if (!first || !second) throw new TypeError('two reductions expected');
  // Run for real, in whatever order they are.
  expect(new Set(await orderBySpeed(trial, [first, second]))).toEqual(new Set([first, second]));
  let turn = 0;
  // First, one and eight rows; second likewise; and all of it once more.
  const timesMs = [9, 9, 4, 8, 9, 9, 20, 8];
  const told = async () => ({ stepMs: timesMs[turn++] ?? 0, encodeMs: 0 });
  expect(await orderBySpeed(trial, [first, second], told)).toEqual([second, first]);
  turn = 0;
  expect(await orderBySpeed(trial, [second, first], told)).toEqual([first, second]);
  const broken: typeof cache = {
    ...cache,
    pipeline: (kernel, choice) =>
      choice.variants?.['reduce'] === second.kind
        ? Promise.reject(new GpuError('shader-invalid', 'does not compile'))
        : cache.pipeline(kernel, choice),
  };
  expect(await orderBySpeed({ ...trial, cache: broken }, [second, first])).toEqual([first, second]);
  expect(memory.allocatedBytes).toBe(before);
  memory.freeAll();
});

test('a device is measured once: what was fastest is kept for it, and taken the next time', async () => {
  const { kept, tunings } = openTunings();
  const first = await open(unknownGpu().gpu, tunings);
  const { reduction, tokens } = await first.run();
  expect(labels()).toContain(reduction);
  expect([...kept.values()]).toEqual([reduction]);
  await first.engine.stop();
  const [key = ''] = kept.keys();
  for (const label of labels().slice(0, 2)) {
    kept.set(key, label);
    const { engine, run } = await open(unknownGpu().gpu, tunings);
    expect(await run()).toEqual({ reduction: label, tokens });
    await engine.stop();
  }
});

test('a loss does not change what was chosen, without a store too', async () => {
  const { gpu: unknown, devices } = unknownGpu();
  const { engine, run } = await open(unknown);
  const before = await run();
  devices.at(-1)?.destroy();
  expect(await run()).toEqual(before);
  expect(devices.length).toBe(2);
  await engine.stop();
});

test('a store that fails costs a measurement, not the model', async () => {
  const fails = () => Promise.reject(new Error('the disk is full'));
  const { engine, run } = await open(unknownGpu().gpu, { get: fails, set: fails });
  expect(labels()).toContain((await run()).reduction);
  await engine.stop();
});

test('what was kept and computes wrongly now is replaced', async () => {
  const sabotaged = unknownGpu((device) => {
    const create = device.createShaderModule.bind(device);
    device.createShaderModule = (descriptor) =>
      create({
        ...descriptor,
        code: /^matmul .*reduce=shared/.test(descriptor.label ?? '')
          ? descriptor.code.replace('cols(w.w)', 'cols(w.w * 1.01)')
          : descriptor.code,
      });
  });
  const kept: string[] = [];
  const tunings: TuningStore = { get: async () => 'shared', set: async (_, value) => void kept.push(value) };
  const { engine, run } = await open(sabotaged.gpu, tunings);
  const { reduction } = await run();
  expect(reduction).not.toBe('shared');
  expect(kept).toEqual([reduction]);
  await engine.stop();
});

test('a device in software is not measured', async () => {
  const { kept, tunings } = openTunings();
  const { engine, run } = await open(navigator.gpu, tunings);
  expect((await run()).reduction).toBe(gpu.report.isSoftware ? 'serial' : [...kept.values()][0]);
  expect(kept.size).toBe(gpu.report.isSoftware ? 0 : 1);
  await engine.stop();
});
