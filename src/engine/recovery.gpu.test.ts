import { beforeAll, expect, test } from 'vitest';
import type { ModelRoot } from '../base/branded.ts';
import { createRandom } from '../base/random.ts';
import { createMemoryPieceStore } from '../weights/index.ts';
import { createEngineApi, type LoadOptions, type ModelSource, type SequenceRequest } from './index.ts';
import { eventsOf, streamedOf, tokensOf } from './testing/answer.ts';
import { reachableGpu } from './testing/reachable-gpu.ts';
import { storeFile } from './testing/store-file.ts';
import { testModels } from './testing/test-models.ts';

const GREEDY = { temperature: 0, topK: 0, topP: 1, seed: 0 };
const SAMPLED = { temperature: 0.9, topK: 40, topP: 0.95, seed: 7 };
/** So cold that the CPU draws from logits that are read back. */
const COLD = { ...SAMPLED, temperature: 5e-5 };
const store = createMemoryPieceStore();
const model = testModels.find(({ name }) => name === 'stories260K-Q8_0') ?? testModels[0];
if (!model) throw new TypeError('no test model');
let source: ModelSource;
let root: ModelRoot;
let story: Uint32Array<ArrayBuffer>;

beforeAll(async () => {
  source = await storeFile(store, await model.file(), 64 * 1024);
  ({ root } = source);
});

async function openEngine(options: LoadOptions = {}) {
  const { gpu, devices } = reachableGpu();
  const engine = createEngineApi({ store, gpu });
  await engine.loadModel(source, () => undefined, { contextTokens: 256, ...options });
  story = await engine.encodePrompt(root, 'Once upon a time, there was a little girl named Lily. '.repeat(4));
  return { engine, devices };
}

/** Sequences of many kinds: alike and unalike beginnings, greedy, seeded and drawn on the CPU, guessed or not. */
function requests(count: number): SequenceRequest[] {
  return Array.from({ length: count }, (_, i) => ({
    id: `r${i}`,
    model: root,
    prompt: story.slice((i % 3) * 5, story.length - (i % 4) * 9),
    maxTokens: 40 + 5 * i,
    sampling: [GREEDY, { ...SAMPLED, seed: i }, COLD][i % 3] ?? GREEDY,
    record: i,
    stop: [],
  }));
}

/** Each loss reloads the model and tests its kernels: seconds on a GPU in software. */
const PATIENT = { timeout: 900_000 };

test('twenty losses in mid-batch: every sequence ends with the tokens that it would have had', PATIENT, async () => {
  const { engine, devices } = await openEngine({ slots: 6 });
  const all = requests(9);
  const expected = await Promise.all(all.map((request) => eventsOf(engine, request)));
  const random = createRandom(20);
  let losses = 0;
  let untilNext = 12;
  const onToken = () => {
    if (losses === 20 || --untilNext > 0) return;
    losses++;
    untilNext = 1 + random.below(20);
    // At once, with steps under way, or a little later, within whatever the engine does then.
    if (losses % 3 === 0) setTimeout(() => devices.at(-1)?.destroy(), random.below(30));
    else devices.at(-1)?.destroy();
  };
  // A reading too: it begins again.
  const scores = await engine.score(root, story.slice(0, 40));
  const again = all.map((request) => eventsOf(engine, request, onToken));
  const reading = engine.score(root, story.slice(0, 40));
  const found = await Promise.all(again);
  expect(losses).toBe(20);
  expect(found.map(tokensOf)).toEqual(expected.map(tokensOf));
  expect(found.map(streamedOf)).toEqual(found.map(tokensOf));
  expect(await reading).toEqual(scores);
  const stats = await engine.stats();
  expect(stats).toMatchObject({ running: 0, waiting: 0 });
  // Several may fall on one device.
  expect(stats.deviceLosses).toBeGreaterThan(12);
  expect(devices.length).toBe(stats.deviceLosses + 1);
  await engine.stop();
});

test('two sequences with guesses under way survive a loss at every token', PATIENT, async () => {
  const { engine, devices } = await openEngine();
  const all = requests(2);
  const expected = await Promise.all(all.map((request) => eventsOf(engine, request)));
  let tokens = 0;
  const onToken = () => void (++tokens % 4 === 0 && tokens < 40 && devices.at(-1)?.destroy());
  const found = await Promise.all(all.map((request) => eventsOf(engine, request, onToken)));
  expect(found.map(tokensOf)).toEqual(expected.map(tokensOf));
  expect(devices.length).toBeGreaterThan(5);
  await engine.stop();
});

test('while the model is loaded again requests wait, can be cancelled, and unload ends them', async () => {
  const { engine, devices } = await openEngine();
  const [first, second] = requests(2);
  if (!first || !second) throw new TypeError('no requests');
  const expected = tokensOf(await eventsOf(engine, first));
  devices[0]?.destroy();
  const [waits, cancelled] = [eventsOf(engine, first), eventsOf(engine, second)];
  await engine.cancel(second.id);
  expect((await cancelled).at(-1)).toMatchObject({ t: 'done', finish: 'cancelled' });
  expect(tokensOf(await waits)).toEqual(expected);
  devices[1]?.destroy();
  await Promise.resolve();
  const ended = eventsOf(engine, first);
  await engine.unloadModel(root);
  expect((await ended).at(-1)).toMatchObject({ t: 'failed', code: 'model-not-loaded' });
  await engine.stop();
  expect((await engine.stats()).gpuBytes).toBe(0);
});

test('on another adapter, which may round in another way, what was begun ends by name and what comes next runs', async () => {
  const { gpu: real, devices } = reachableGpu();
  const requestAdapter = async () => {
    const adapter = await real.requestAdapter();
    return (
      adapter && Object.assign(adapter, { info: { vendor: `maker ${devices.length}`, description: 'swiftshader' } })
    );
  };
  const engine = createEngineApi({ store, gpu: { requestAdapter } as unknown as GPU });
  await engine.loadModel(source, () => undefined, { contextTokens: 256 });
  story = await engine.encodePrompt(root, 'Once upon a time, there was a little girl named Lily. ');
  const [request] = requests(1);
  if (!request) throw new TypeError('no request');
  const expected = tokensOf(await eventsOf(engine, request));
  let isLost = false;
  const begun = await eventsOf(engine, request, () => {
    if (!isLost) devices.at(-1)?.destroy();
    isLost = true;
  });
  expect(begun.at(-1)).toMatchObject({ t: 'failed', code: 'device-lost' });
  const after = await eventsOf(engine, request);
  expect(tokensOf(after)).toEqual(expected);
  expect(after.at(-1)).toMatchObject({ numericClass: expect.stringContaining('/maker 1/') });
  await engine.stop();
});

test('a device that is lost again and again without a token is given up by name', async () => {
  const { engine, devices } = await openEngine();
  const [request] = requests(1);
  if (!request) throw new TypeError('no request');
  const expected = tokensOf(await eventsOf(engine, request));
  const killer = setInterval(() => devices.at(-1)?.destroy(), 1);
  expect((await eventsOf(engine, request)).at(-1)).toMatchObject({ t: 'failed', code: 'device-lost' });
  clearInterval(killer);
  expect((await eventsOf(engine, request)).at(-1)).toMatchObject({ t: 'failed', code: 'model-not-loaded' });
  await engine.loadModel(source, () => undefined, { contextTokens: 256 });
  expect(tokensOf(await eventsOf(engine, request))).toEqual(expected);
  await engine.stop();
});

/** Makes buffers of some labels as large as SwiftShader never grants: a real out-of-memory, while `isFull` says so. */
function fillMemory(device: GPUDevice | undefined, isFull: (label: string, size: number) => boolean): void {
  if (!device) throw new TypeError('no device');
  const create = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) =>
    create(isFull(descriptor.label ?? '', descriptor.size) ? { ...descriptor, size: 2 ** 30 } : descriptor);
}

test('a model gets as many slots as memory has room for', async () => {
  const { engine, devices } = await openEngine();
  const [request] = requests(1);
  if (!request) throw new TypeError('no request');
  const expected = tokensOf(await eventsOf(engine, request));
  const before = await engine.stats();
  await engine.unloadModel(root);
  let largest = 0;
  fillMemory(devices[0], (label, size) => {
    if (label !== 'values.1') return false;
    largest = Math.max(largest, size);
    return size > largest / 2;
  });
  const { slots } = await engine.loadModel(source, () => undefined, { contextTokens: 256 });
  expect(slots).toBe(4);
  expect(tokensOf(await eventsOf(engine, request))).toEqual(expected);
  expect((await engine.stats()).gpuBytes).toBeLessThan(before.gpuBytes);
  await engine.stop();
});

test('a budget is kept by fewer slots, and a model that does not fit at all is refused by name', async () => {
  const { engine } = await openEngine();
  const { gpuBytes } = await engine.stats();
  await engine.unloadModel(root);
  const load = (memoryBytes: number) =>
    engine.loadModel(source, () => undefined, { contextTokens: 256, memoryBytes }).then(({ slots }) => slots);
  expect(await load(gpuBytes)).toBe(8);
  await engine.unloadModel(root);
  expect(await load(0.7 * gpuBytes)).toBeLessThan(8);
  expect((await engine.stats()).gpuBytes).toBeLessThanOrEqual(0.7 * gpuBytes);
  await engine.unloadModel(root);
  await expect(load(100_000)).rejects.toMatchObject({ name: 'GpuError', code: 'out-of-memory' });
  expect((await engine.stats()).gpuBytes).toBe(0);
  await engine.stop();
});

test('a step without memory goes on with fewer sequences, and one that is alone ends by name', async () => {
  const { engine, devices } = await openEngine({ speculates: false });
  const all = requests(8);
  const greedy = all.filter(({ sampling }) => sampling === GREEDY);
  const expected = [];
  for (const request of greedy) expected.push(tokensOf(await eventsOf(engine, request)));
  let refusals = 0;
  // Logits come back through a buffer that is made when it is first wanted: by the sequences that are drawn on the CPU.
  fillMemory(devices[0], (label) => label === 'logits_staging' && refusals++ < 2);
  const found = (await Promise.all(all.map((request) => eventsOf(engine, request)))).map(tokensOf);
  expect(refusals).toBe(3);
  expect(all.flatMap(({ sampling }, i) => (sampling === GREEDY ? [found[i]] : []))).toEqual(expected);
  expect(found.every(Array.isArray)).toBe(true);
  await engine.unloadModel(root);
  await engine.loadModel(source, () => undefined, { contextTokens: 256 });
  refusals = -1000;
  const [first, , cold] = all;
  if (!first || !cold) throw new TypeError('no requests');
  expect((await eventsOf(engine, cold)).at(-1)).toMatchObject({ t: 'failed', code: 'out-of-memory' });
  expect(tokensOf(await eventsOf(engine, first))).toEqual(expected[0]);
  await engine.stop();
});
