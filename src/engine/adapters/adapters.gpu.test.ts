import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AdapterRoot } from '../../base/branded.ts';
import type { Bytes } from '../../base/bytes.ts';
import { createMemoryPieceStore, parseGgufHeader } from '../../weights/index.ts';
import { createEngineApi, type EngineApi, type EngineEvent, type SequenceRequest } from '../index.ts';
import { readModelConfig, type ModelConfig } from '../model/config.ts';
import { loadReferenceModel } from '../model/forward.reference.ts';
import { randomAdapter } from '../testing/random-adapter.ts';
import { storeFile } from '../testing/store-file.ts';
import { testModels } from '../testing/test-models.ts';
import type { AdapterWeights } from './adapter-weights.ts';

const GREEDY = { temperature: 0, topK: 0, topP: 1, seed: 0 };
const SAMPLED = { temperature: 0.9, topK: 40, topP: 0.95, seed: 7 };
const SEQUENCES = 16;
const store = createMemoryPieceStore();
const model = testModels.find(({ name }) => name === 'stories260K-Q8_0') ?? testModels[0];
if (!model) throw new TypeError('no test model');
const engine: EngineApi = createEngineApi({ store });
let file: Bytes;
let config: ModelConfig;
let base: SequenceRequest;

type Done = Extract<EngineEvent, { t: 'done' }>;
async function run(part: Partial<SequenceRequest>): Promise<EngineEvent[]> {
  const events: EngineEvent[] = [];
  await engine.generate({ ...base, id: crypto.randomUUID(), ...part }, (event) => void events.push(event));
  return events;
}
async function answer(part: Partial<SequenceRequest>): Promise<Done> {
  const event = (await run(part)).at(-1);
  if (event?.t !== 'done') throw new TypeError(`not done: ${JSON.stringify(event)}`);
  return event;
}
const root = (name: string) => name as AdapterRoot;
const failure = async (part: Partial<SequenceRequest>) => {
  const event = (await run(part)).at(-1);
  return event?.t === 'failed' ? event.code : event?.t;
};

beforeAll(async () => {
  file = await model.file();
  config = readModelConfig(parseGgufHeader(file));
  const source = await storeFile(store, file, 64 * 1024);
  const { root: modelRoot } = await engine.loadModel(source, () => undefined, { contextTokens: 128, slots: SEQUENCES });
  const prompt = await engine.encodePrompt(modelRoot, 'Once upon a time, there was a little girl named Lily.');
  base = { id: '', model: modelRoot, prompt, maxTokens: 12, sampling: GREEDY, record: 0, stop: [] };
});
afterAll(() => engine.stop());

const ATTENTION = ['attn_q', 'attn_k', 'attn_v', 'attn_output'];

/** How far each token's natural log-probability is from float64's, with the adapter and with the base model alone. */
async function distances(name: string, weights: AdapterWeights) {
  await engine.loadAdapter(base.model, root(name), weights);
  const events = await run({ adapter: root(name), logProbabilities: true, sampling: SAMPLED });
  await engine.unloadAdapter(base.model, root(name));
  const tokens = events.flatMap((event) => (event.t === 'token' ? [event] : []));
  const sequence = [...base.prompt, ...tokens.map(({ token }) => token)];
  const from = (rows: readonly ArrayLike<number>[]) =>
    tokens.map(({ token, logProbability = 9 }, i) =>
      Math.abs(logProbability - (rows[base.prompt.length + i - 1]?.[token] ?? Number.NaN)),
    );
  const withAdapter = from(loadReferenceModel(file, weights).logProbabilities(sequence));
  return { withAdapter, alone: from(loadReferenceModel(file).logProbabilities(sequence)) };
}
const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

test('an adapter computes what the model with W + scale · B A computes in float64', async () => {
  const exact = { isHeldExactly: true };
  const kinds: readonly [string, AdapterWeights][] = [
    ['all', randomAdapter(config, { rank: 16, seed: 1, ...exact })],
    ['attention', randomAdapter(config, { rank: 3, seed: 2, targets: ATTENTION, ...exact })],
    ['down', randomAdapter(config, { rank: 64, seed: 3, targets: ['ffn_down'], ...exact })],
    ['gate of layer 1', new Map([...randomAdapter(config, { rank: 9, seed: 4, ...exact })].slice(11, 12))],
  ];
  for (const [name, weights] of kinds) {
    const { withAdapter, alone } = await distances(name, weights);
    // f32 sums of a 5-layer model against f64: 1e-4 is what the base model is held to as well.
    expect(Math.max(...withAdapter), name).toBeLessThan(2e-4);
    expect(Math.max(...alone), name).toBeGreaterThan(0.01);
  }
});

test('bfloat16 pages cost an adapter of single precision a hundredth of what it changes, and stay within 0.02', async () => {
  for (const seed of [1, 2, 3]) {
    const { withAdapter, alone } = await distances(`rounded ${seed}`, randomAdapter(config, { rank: 16, seed }));
    expect(meanOf(withAdapter)).toBeLessThan(Math.min(0.02, 0.01 * meanOf(alone)));
  }
});

test('16 sequences with 16 adapters in one batch: the tokens of each alone, and without one those of the base', async () => {
  const plain = await answer({});
  const adapters = Array.from({ length: SEQUENCES }, (_, i) => root(`rank 16, ${i}`));
  for (const [i, adapter] of adapters.entries())
    await engine.loadAdapter(base.model, adapter, randomAdapter(config, { rank: 16, seed: 100 + i }));
  expect(await engine.adaptersOf(base.model)).toEqual(adapters);
  const parts = adapters.map((adapter, i) => ({ adapter, sampling: i % 2 ? SAMPLED : GREEDY }));
  const alone: Done[] = [];
  for (const part of parts) alone.push(await answer(part));
  expect(new Set(alone.map(({ text }) => text)).size).toBeGreaterThan(SEQUENCES / 2);
  const together = await Promise.all(parts.map(answer));
  expect(together.map(({ tokens }) => tokens)).toEqual(alone.map(({ tokens }) => tokens));
  // Some with, some without, of other lengths, and more than there are slots.
  const mixed = await Promise.all(
    Array.from({ length: 2 * SEQUENCES }, (_, i) => (i % 2 ? answer({}) : answer(parts[i % SEQUENCES] ?? {}))),
  );
  for (const [i, { tokens }] of mixed.entries()) expect(tokens).toEqual((i % 2 ? plain : alone[i % SEQUENCES])?.tokens);
  expect((await answer({})).tokens).toEqual(plain.tokens);
  for (const adapter of adapters) await engine.unloadAdapter(base.model, adapter);
});

test('more adapters than there is room for take turns on the GPU, and none computes with the pages of another', async () => {
  const small = createEngineApi({ store });
  const source = await storeFile(store, file, 64 * 1024);
  await small.loadModel(source, () => undefined, { contextTokens: 128, slots: 4 });
  const ask = async (of: EngineApi, adapter: AdapterRoot) => {
    let done: EngineEvent | undefined;
    await of.generate({ ...base, id: crypto.randomUUID(), adapter, maxTokens: 4 }, (event) => void (done = event));
    return done?.t === 'done' ? [...done.tokens] : [done?.t];
  };
  const count = 20;
  const roots = Array.from({ length: count }, (_, i) => root(`rank 64, ${i}`));
  for (const [i, adapter] of roots.entries())
    await small.loadAdapter(base.model, adapter, randomAdapter(config, { rank: 64, seed: i, targets: ATTENTION }));
  const before = (await small.stats()).gpuBytes;
  const first: unknown[] = [];
  for (const adapter of roots) first.push(await ask(small, adapter));
  const again = await Promise.all(roots.map((adapter) => ask(small, adapter)));
  expect(again).toEqual(first);
  expect((await small.stats()).gpuBytes).toBe(before);
  await small.stop();
});

test('an adapter that is unloaded and another loaded under its name share nothing', async () => {
  const name = root('renamed');
  await engine.loadAdapter(base.model, name, randomAdapter(config, { rank: 8, seed: 50 }));
  const before = await answer({ adapter: name });
  const running = answer({ adapter: name, maxTokens: 40 });
  await engine.unloadAdapter(base.model, name);
  expect(await failure({ adapter: name })).toBe('adapter-not-loaded');
  await engine.loadAdapter(base.model, name, randomAdapter(config, { rank: 8, seed: 51 }));
  expect((await answer({ adapter: name })).tokens).not.toEqual(before.tokens);
  expect((await running).tokens.slice(0, 12)).toEqual(before.tokens);
  await engine.unloadAdapter(base.model, name);
});

test('what is no adapter of this model is refused by name, and nothing of it stays', async () => {
  const good = randomAdapter(config, { rank: 4, seed: 9 });
  const [[name, pair] = []] = [...good];
  if (!name || !pair) throw new TypeError('no pair');
  const bad: readonly [string, AdapterWeights][] = [
    ['another tensor', new Map([['blk.99.attn_q.weight', pair]])],
    ['a norm', new Map([['blk.0.attn_norm.weight', pair]])],
    ['rank 0', new Map([[name, { ...pair, rank: 0 }]])],
    ['rank 65', new Map([[name, { ...pair, rank: 65 }]])],
    ['a of another shape', new Map([[name, { ...pair, a: pair.a.slice(1) }]])],
    ['b of another shape', new Map([[name, { ...pair, b: pair.b.slice(1) }]])],
    ['NaN', new Map([[name, { ...pair, a: pair.a.with(3, Number.NaN) }]])],
    ['infinite', new Map([[name, { ...pair, b: pair.b.with(0, Infinity) }]])],
    ['scale', new Map([[name, { ...pair, scale: Number.NaN }]])],
    ['empty', new Map()],
  ];
  for (const [why, weights] of bad)
    await expect(engine.loadAdapter(base.model, root('bad'), weights), why).rejects.toMatchObject({
      name: 'EngineError',
      code: 'adapter-invalid',
    });
  expect(await engine.adaptersOf(base.model)).toEqual([]);
  expect(await failure({ adapter: root('bad') })).toBe('adapter-not-loaded');
});
