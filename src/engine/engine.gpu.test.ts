import { proxy, wrap } from 'comlink';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ModelRoot } from '../base/branded.ts';
import { installRealmErrors } from '../base/realm-errors.ts';
import { createEngineApi, type EngineApi, type EngineEvent, type ModelSource, type SequenceRequest } from './index.ts';
import { sampleTokenReference } from './sampler/sample-token.reference.ts';
import { createMemoryPieceStore } from '../weights/index.ts';
import { reachableGpu } from './testing/reachable-gpu.ts';
import { storeFile } from './testing/store-file.ts';
import { testModels } from './testing/test-models.ts';
import type { TestEngine } from './testing/test-engine.worker.ts';

const GREEDY = { temperature: 0, topK: 0, topP: 1, seed: 0 };
const SAMPLED = { temperature: 0.9, topK: 40, topP: 0.95, seed: 7 };
const store = createMemoryPieceStore();
const model = testModels.find(({ name }) => name === 'stories260K-Q8_0') ?? testModels[0];
if (!model) throw new TypeError('no test model');
let source: ModelSource;
let root: ModelRoot;
let prompt: Uint32Array<ArrayBuffer>;

type Done = Extract<EngineEvent, { t: 'done' }>;
/** Runs a request; gives its events. */
async function run(engine: EngineApi, part: Partial<SequenceRequest> = {}): Promise<EngineEvent[]> {
  const events: EngineEvent[] = [];
  const request = {
    id: crypto.randomUUID(),
    model: root,
    prompt,
    maxTokens: 24,
    sampling: GREEDY,
    record: 0,
    stop: [],
    ...part,
  };
  await engine.generate(request, (event) => void events.push(event));
  return events;
}
const last = (events: readonly EngineEvent[]) => events.at(-1);
async function answer(engine: EngineApi, part: Partial<SequenceRequest> = {}): Promise<Done> {
  const event = last(await run(engine, part));
  if (event?.t !== 'done') throw new TypeError(`not done: ${JSON.stringify(event)}`);
  return event;
}

beforeAll(async () => {
  source = await storeFile(store, await model.file(), 64 * 1024);
  ({ root } = source);
});

describe('one engine', () => {
  let engine: EngineApi;
  beforeAll(async () => {
    engine = createEngineApi({ store });
    await engine.loadModel(source, () => undefined, { contextTokens: 256 });
    prompt = await engine.encodePrompt(root, 'Once upon a time, there was');
  });
  afterAll(() => engine.stop());

  test('reports progress and the model', async () => {
    const other = createEngineApi({ store });
    const progress: number[] = [];
    const report = await other.loadModel(source, (done, total) => progress.push(done / total), { slots: 2 });
    expect(progress.at(-1)).toBe(1);
    expect(progress.length).toBe(source.pieces.length);
    expect(report).toMatchObject({ root, slots: 2, hasChatTemplate: false });
    expect(report.vocabulary).toBe(512);
    expect((await other.stats()).gpuBytes).toBeGreaterThan(report.weightBytes);
    await other.unloadModel(root);
    expect((await other.stats()).gpuBytes).toBe(0);
    await other.stop();
  });

  test('greedy text is the same each time, streamed and whole', async () => {
    const events = await run(engine);
    const done = await answer(engine);
    expect(last(events)).toEqual({ ...done, id: last(events)?.id });
    const tokens = events.flatMap((event) => (event.t === 'token' ? [event.token] : []));
    expect(Uint32Array.from(tokens)).toEqual(done.tokens);
    expect(done.text.startsWith(events.map((event) => (event.t === 'token' ? event.text : '')).join(''))).toBe(true);
    expect(done.finish).toBe('length');
    expect(done.tokens.length).toBe(24);
    expect(await engine.decode(root, done.tokens)).toBe(done.text);
  });

  test.skipIf(!model.name.startsWith('stories'))(
    "greedy tokens are llama.cpp's, as this model is seldom in doubt",
    async () => {
      const { tokens, greedy } = await model.oracle();
      const done = await answer(engine, { prompt: Uint32Array.from(tokens.slice(0, 16)), maxTokens: 8 });
      expect([...done.tokens]).toEqual(greedy.slice(0, done.tokens.length));
    },
  );

  test('greedy tokens are the likeliest of the scores, so decoding and reading agree', async () => {
    const done = await answer(engine);
    const { logProbabilities, vocabulary } = await engine.score(root, Uint32Array.from([...prompt, ...done.tokens]));
    const best = [...done.tokens].map((_, i) => {
      const row = logProbabilities.slice((prompt.length + i - 1) * vocabulary, (prompt.length + i) * vocabulary);
      return row.indexOf(Math.max(...row));
    });
    expect([...done.tokens]).toEqual(best);
  });

  test('sampled tokens are what the reference draws from the scores, whatever runs beside them', async () => {
    const alone = await answer(engine, { sampling: SAMPLED, record: 12_345 });
    const full = Uint32Array.from([...prompt, ...alone.tokens]);
    const { logProbabilities, vocabulary } = await engine.score(root, full);
    const expected = [...alone.tokens].map((_, i) => {
      const position = prompt.length + i;
      const row = logProbabilities.slice((position - 1) * vocabulary, position * vocabulary);
      return sampleTokenReference(row, SAMPLED, { record: 12_345, position });
    });
    // Log-probabilities are logits less a constant, rounded to f32: that could flip a draw only at a margin of 1e-6.
    expect([...alone.tokens]).toEqual(expected);
    const beside = Array.from({ length: 11 }, (_, i) =>
      answer(engine, {
        prompt: prompt.slice(0, 1 + (i % prompt.length)),
        sampling: i % 2 ? GREEDY : { ...SAMPLED, seed: i },
        maxTokens: 5 + 4 * i,
      }),
    );
    const [together, again] = await Promise.all([
      answer(engine, { sampling: SAMPLED, record: 12_345 }),
      answer(engine, { sampling: SAMPLED, record: 12_345 }),
      ...beside,
    ]);
    expect(together?.tokens).toEqual(alone.tokens);
    expect(again?.tokens).toEqual(alone.tokens);
    const other = await answer(engine, { sampling: SAMPLED, record: 12_346 });
    expect(other.tokens).not.toEqual(alone.tokens);
  });

  test('more sequences than slots wait and all end', async () => {
    const all = Array.from({ length: 20 }, () => answer(engine, { maxTokens: 6 }));
    await new Promise((resolve) => setTimeout(resolve, 0));
    expect((await engine.stats()).waiting).toBeGreaterThan(0);
    const done = await Promise.all(all);
    expect(new Set(done.map(({ text }) => text)).size).toBe(1);
    expect(await engine.stats()).toMatchObject({ running: 0, waiting: 0 });
  });

  test("a token's log-probability is that of the scores, drawn on the GPU or from the logits", async () => {
    // So cold that scores in f32 would not do: the CPU draws.
    for (const sampling of [GREEDY, SAMPLED, { ...SAMPLED, temperature: 5e-5 }]) {
      const events = await run(engine, { sampling, logProbabilities: true });
      const tokens = events.flatMap((event) => (event.t === 'token' ? [event] : []));
      const full = Uint32Array.from([...prompt, ...tokens.map(({ token }) => token)]);
      const { logProbabilities, vocabulary } = await engine.score(root, full);
      for (const [i, { token, logProbability = 9 }] of tokens.entries()) {
        const expected = logProbabilities[(prompt.length + i - 1) * vocabulary + token] ?? 0;
        // The same logits; f32 sums of 512 exponentials on the GPU.
        expect(Math.abs(logProbability - expected)).toBeLessThan(2e-5);
      }
    }
  });

  test('sharing beginnings and guessing change no token', async () => {
    const plain = createEngineApi({ store });
    await plain.loadModel(source, () => undefined, { contextTokens: 256, sharesPrefixes: false, speculates: false });
    const long = await engine.encodePrompt(root, 'Once upon a time, there was a little girl named Lily. '.repeat(4));
    const requests: Partial<SequenceRequest>[] = Array.from({ length: 10 }, (_, i) => ({
      prompt: long.slice(0, long.length - (i % 4) * 9),
      sampling: i % 3 === 0 ? GREEDY : { ...SAMPLED, seed: i },
      maxTokens: 12,
    }));
    const before = await engine.stats();
    const expected: Done[] = [];
    for (const request of requests) expected.push(await answer(plain, request));
    const together = await Promise.all(requests.map((request) => answer(engine, request)));
    expect(together.map(({ tokens }) => tokens)).toEqual(expected.map(({ tokens }) => tokens));
    const after = await engine.stats();
    const all = requests.reduce((sum, { prompt: of }) => sum + (of?.length ?? 0), 0);
    expect(after.promptTokensShared - before.promptTokensShared).toBeGreaterThan(all / 2);
    expect(after.promptTokensComputed - before.promptTokensComputed).toBeLessThan(all / 2);
    // One at a time: guesses are made, as the prompt repeats itself.
    for (const [i, request] of requests.entries())
      expect((await answer(engine, request)).tokens).toEqual(expected[i]?.tokens);
    expect(await plain.stats()).toMatchObject({ promptTokensShared: 0 });
    await plain.stop();
  });

  test('a stop string cuts the text before it', async () => {
    const whole = await answer(engine);
    const stop = whole.text.slice(9, 14);
    const events = await run(engine, { stop: [stop] });
    const done = last(events);
    expect(done).toMatchObject({ finish: 'stop', text: whole.text.slice(0, whole.text.indexOf(stop)) });
  });

  test('the context ends an answer', async () => {
    const long = Uint32Array.from({ length: 250 }, (_, i) => 300 + (i % 100));
    const done = await answer(engine, { prompt: long, maxTokens: 100 });
    expect(['length', 'stop']).toContain(done.finish);
    expect(done.tokens.length).toBeLessThanOrEqual(6);
  });

  test('a cancelled sequence ends at once, without waiting for its step, decoding or in a long prompt', async () => {
    for (const part of [{ maxTokens: 200 }, { prompt: Uint32Array.from({ length: 240 }, () => 300), maxTokens: 10 }]) {
      const events: EngineEvent[] = [];
      const request = { id: crypto.randomUUID(), model: root, prompt, sampling: GREEDY, record: 0, stop: [], ...part };
      const running = engine.generate(request, (event) => void events.push(event));
      await new Promise((resolve) => setTimeout(resolve, 20));
      const { running: runs, waiting } = await engine.stats();
      expect(runs + waiting).toBe(1);
      await engine.cancel(request.id);
      expect(last(events)).toMatchObject({ t: 'done', finish: 'cancelled' });
      expect(await engine.stats()).toMatchObject({ running: 0, waiting: 0 });
      await running;
      expect(events.filter(({ t }) => t === 'done')).toHaveLength(1);
    }
    expect(await answer(engine)).toMatchObject({ finish: 'length' });
  });

  test('requests out of range fail by name', async () => {
    const code = async (part: Partial<SequenceRequest>) => {
      const event = last(await run(engine, part));
      return event?.t === 'failed' ? event.code : event?.t;
    };
    expect(await code({ prompt: new Uint32Array(0) })).toBe('request-invalid');
    expect(await code({ prompt: Uint32Array.of(99_999) })).toBe('request-invalid');
    expect(await code({ prompt: new Uint32Array(256).fill(300) })).toBe('prompt-too-long');
    expect(await code({ sampling: { ...GREEDY, topP: Number.NaN } })).toBe('request-invalid');
    expect(await code({ model: 'f'.repeat(64) as ModelRoot })).toBe('model-not-loaded');
    await expect(engine.encodeChat(root, [{ role: 'user', content: 'hi' }])).rejects.toMatchObject({
      code: 'no-chat-template',
    });
    await expect(engine.encodePrompt('f'.repeat(64) as ModelRoot, 'x')).rejects.toMatchObject({
      code: 'tokenizer-not-open',
    });
  });
});

describe('misfortune', () => {
  test('a model that does not fit is out of memory by name, and nothing of it stays', async () => {
    const { gpu, devices } = reachableGpu();
    const engine = createEngineApi({ store, gpu });
    await engine.loadModel(source, () => undefined);
    await engine.unloadModel(root);
    const [device] = devices;
    if (!device) throw new TypeError('no device');
    const create = device.createBuffer.bind(device);
    // SwiftShader refuses 1 GiB though its limits allow it: a real out-of-memory in place of the model's key cache.
    device.createBuffer = (descriptor) =>
      create(descriptor.label?.startsWith('keys') ? { ...descriptor, size: 2 ** 30 } : descriptor);
    await expect(engine.loadModel(source, () => undefined)).rejects.toMatchObject({
      name: 'GpuError',
      code: 'out-of-memory',
    });
    expect((await engine.stats()).gpuBytes).toBe(0);
    device.createBuffer = create;
    await engine.loadModel(source, () => undefined);
    await engine.stop();
  });

  test('stop ends what runs by name', async () => {
    const engine = createEngineApi({ store });
    await engine.loadModel(source, () => undefined);
    const running = run(engine, { maxTokens: 400 });
    await new Promise((resolve) => setTimeout(resolve, 10));
    await engine.stop();
    expect(last(await running)).toMatchObject({ t: 'failed', code: 'engine-stopped' });
  });

  test('without WebGPU the error says so, and the tokenizer still works', async () => {
    const file = await model.file();
    const engine = createEngineApi({ store, gpu: undefined as unknown as GPU });
    await expect(engine.probe()).rejects.toMatchObject({ code: 'no-webgpu' });
    await expect(engine.loadModel(source, () => undefined)).rejects.toMatchObject({ code: 'no-webgpu' });
    const opened = await engine.openTokenizer(root, file.subarray(0, source.headerBytes));
    expect(opened).toEqual({ contextTokens: 512, hasChatTemplate: false });
    const { text, tokens } = await model.oracle();
    expect([...(await engine.encodePrompt(root, text))].slice(0, tokens.length)).toEqual(tokens);
  });
});

test('in a dedicated worker: load, tell a story, fail by name', async () => {
  installRealmErrors();
  const worker = new Worker(new URL('testing/test-engine.worker.ts', import.meta.url), { type: 'module' });
  const engine = wrap<TestEngine>(worker);
  for (const { hash } of source.pieces) await engine.put(hash, await store.read(hash));
  const report = await engine.probe();
  expect(report.maxBindingBytes).toBe(128 * 1024 * 1024);
  await engine.loadModel(
    source,
    proxy(() => undefined),
    { contextTokens: 256 },
  );
  prompt = await engine.encodePrompt(root, 'Once upon a time');
  const events: EngineEvent[] = [];
  const request = { id: 'w', model: root, prompt, maxTokens: 8, sampling: GREEDY, record: 0, stop: [] };
  await engine.generate(
    request,
    proxy((event: EngineEvent) => void events.push(event)),
  );
  expect(events.map(({ t }) => t)).toEqual([...Array.from({ length: 8 }, () => 'token'), 'done']);
  await expect(engine.encodeChat(root, [])).rejects.toMatchObject({ name: 'EngineError', code: 'no-chat-template' });
  await engine.stop();
  worker.terminate();
});
