import { describe, expect, test } from 'vitest';
import { createMemoryPieceStore, parseGgufHeader } from '../weights/index.ts';
import { createEngineApi, type ProductType, type SequenceRequest } from './index.ts';
import { isInt8Type } from './kernels/int8-products.ts';
import { readModelConfig } from './model/config.ts';
import { dequantise } from './model/dequantise.reference.ts';
import { forwardReference } from './model/forward.reference.ts';
import { answerOf, type Answer } from './testing/answer.ts';
import { reachableGpu } from './testing/reachable-gpu.ts';
import { storeFile } from './testing/store-file.ts';
import { testModels, type TestModel } from './testing/test-models.ts';

const store = createMemoryPieceStore();
const open = async (model: TestModel, products: ProductType, isPlain = false, gpu = navigator.gpu) => {
  const engine = createEngineApi({ store, gpu });
  const source = await storeFile(store, await model.file(), 64 * 1024);
  const options = { contextTokens: 128, slots: 16, products, sharesPrefixes: !isPlain, speculates: !isPlain };
  const { root } = await engine.loadModel(source, () => undefined, options);
  return { engine, root };
};

/**
 * Bounds on the mean difference of a likely token's natural log-probability: from the f64 pass that rounds inputs as the
 * device does (now and then a number goes the other way), and from the one that does not round: the price of int8.
 */
const BOUNDS = { fromRounded: 2e-4, fromExact: 5e-2 };
const NAMES = new Set(['stories260K-Q8_0', 'stories260K-Q4_0', 'qwen2-Q4_0']);
const chosen = testModels.filter(({ name }) => NAMES.has(name)).toReversed();

test.each(chosen)('$name: log-probabilities near those of f64', async (model) => {
  const file = await model.file();
  const header = parseGgufHeader(file);
  const config = readModelConfig(header);
  const bytesOf = (start: number, size: number) => file.subarray(start, start + size);
  const tables = new Map(
    header.tensors.map(({ name, type, start, sizeBytes }) => [name, dequantise(type, bytesOf(start, sizeBytes))]),
  );
  const { tokens, exact } = await model.oracle();
  const { engine, root } = await open(model, 'int8');
  const scores = await engine.score(root, Uint32Array.from(tokens));
  await engine.stop();
  const meanOff = (rows: readonly Float64Array[]) => {
    const errors = exact.flatMap((likely, i) =>
      likely.map(([id]) =>
        Math.abs((scores.logProbabilities[i * scores.vocabulary + id] ?? Number.NaN) - (rows[i]?.[id] ?? 0)),
      ),
    );
    expect(errors.length).toBeGreaterThan(100);
    return errors.reduce((a, b) => a + b, 0) / errors.length;
  };
  const int8Products = new Set(header.tensors.filter(({ type }) => isInt8Type(type)).map(({ name }) => name));
  expect(int8Products.size).toBeGreaterThan(0);
  const fromRounded = meanOff(forwardReference(config, tables, tokens, undefined, { int8Products }));
  const fromExact = meanOff(forwardReference(config, tables, tokens));
  expect(fromRounded).toBeLessThan(BOUNDS.fromRounded);
  expect(fromExact).toBeLessThan(BOUNDS.fromExact);
  // It does round.
  expect(fromExact).toBeGreaterThan(fromRounded);
});

describe('int8 products', () => {
  const [model] = chosen;
  if (!model) throw new TypeError('no test model');

  test('sixteen together, with beginnings shared and tokens guessed, have the bits of each alone', async () => {
    const plain = await open(model, 'int8', true);
    const text = 'Once upon a time, there was a little girl named Lily. She loved to play. She loved to play. ';
    const prompt = await plain.engine.encodePrompt(plain.root, text);
    const requests = Array.from({ length: 16 }, (_, i) => ({
      ...requestOf(plain.root),
      prompt: prompt.slice(0, Math.max(1, prompt.length - 5 * (i % 5))),
      maxTokens: 2 + (i % 9),
      sampling: { temperature: i % 2 ? 0.8 : 0, topK: 30, topP: 0.95, seed: i },
      record: i,
    }));
    const alone: Answer[] = [];
    for (const request of requests) alone.push(await answerOf(plain.engine, request));
    await plain.engine.stop();
    const { engine } = await open(model, 'int8');
    expect(await Promise.all(requests.map((request) => answerOf(engine, request)))).toEqual(alone);
    const [first] = requests;
    if (first) expect(await answerOf(engine, first)).toEqual(alone[0]);
    await engine.stop();
  });

  test('they are a numeric class of their own, and nobody has them who did not ask', async () => {
    const [plain, rounded] = [await open(model, 'f32'), await open(model, 'int8')];
    const [first, second] = [
      await answerOf(plain.engine, requestOf(plain.root)),
      await answerOf(rounded.engine, requestOf(rounded.root)),
    ];
    expect(first.numericClass).not.toContain('int8');
    expect(second.numericClass.replace('-int8', '')).toBe(first.numericClass);
    await plain.engine.stop();
    await rounded.engine.stop();
  });

  test('a browser that lacks the language feature multiplies in f32', async () => {
    const { gpu } = reachableGpu();
    Object.assign(gpu, { wgslLanguageFeatures: new Set() });
    const { engine, root } = await open(model, 'int8', false, gpu);
    expect((await answerOf(engine, requestOf(root))).numericClass).not.toContain('int8');
    await engine.stop();
  });
});

function requestOf(model: SequenceRequest['model']): Omit<SequenceRequest, 'id'> {
  const sampling = { temperature: 0, topK: 0, topP: 1, seed: 0 };
  return { model, prompt: Uint32Array.of(1, 300), maxTokens: 2, sampling, record: 0, stop: [], logProbabilities: true };
}
