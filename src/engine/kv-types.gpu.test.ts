import { describe, expect, test } from 'vitest';
import { createMemoryPieceStore, parseGgufHeader } from '../weights/index.ts';
import { createEngineApi } from './index.ts';
import { readModelConfig } from './model/config.ts';
import { dequantise } from './model/dequantise.reference.ts';
import { forwardReference } from './model/forward.reference.ts';
import type { KvType } from './model/kv-type.ts';
import { runLimits } from './model/load-model.ts';
import { answerOf, type Answer } from './testing/answer.ts';
import { storeFile } from './testing/store-file.ts';
import { hasSharedModels, testModels, type TestModel } from './testing/test-models.ts';

const store = createMemoryPieceStore();
const open = async (model: TestModel, kvType: KvType, isPlain = false) => {
  const engine = createEngineApi({ store });
  const source = await storeFile(store, await model.file(), 64 * 1024);
  const options = { contextTokens: 128, kvType, sharesPrefixes: !isPlain, speculates: !isPlain };
  const report = await engine.loadModel(source, () => undefined, options);
  return { engine, report };
};

/**
 * Bounds on the mean difference of a likely token's natural log-probability: from the f64 pass that rounds as the cache
 * does (what our arithmetic adds: now and then a number goes the other way), and from the one that does not round. The
 * second is the price of the type, greatest for stories260K, which is trained and has heads of 8: 0.0014 and 0.063.
 */
const BOUNDS = {
  f16: { fromRounded: 2e-4, fromExact: 3e-3 },
  int8: { fromRounded: 2e-3, fromExact: 0.1 },
} as const;
const NAMES = new Set(['stories260K-Q8_0', 'qwen3-Q6_K']);
const chosen = testModels.filter(({ name }) => !hasSharedModels || NAMES.has(name)).toReversed();

describe.each(['f16', 'int8'] as const)('a cache of %s', (kvType) => {
  test.each(chosen)('$name: log-probabilities near those of f64', async (model) => {
    const file = await model.file();
    const header = parseGgufHeader(file);
    const config = readModelConfig(header);
    const tables = new Map(
      header.tensors.map(({ name, type, start, sizeBytes }) => [
        name,
        dequantise(type, file.subarray(start, start + sizeBytes)),
      ]),
    );
    const { tokens, exact } = await model.oracle();
    const { engine, report } = await open(model, kvType);
    const scores = await engine.score(report.root, Uint32Array.from(tokens));
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
    const fromRounded = meanOff(forwardReference(config, tables, tokens, undefined, { kvType }));
    const fromExact = meanOff(forwardReference(config, tables, tokens));
    expect(fromRounded).toBeLessThan(BOUNDS[kvType].fromRounded);
    expect(fromExact).toBeLessThan(BOUNDS[kvType].fromExact);
    // It does round.
    expect(fromExact).toBeGreaterThan(fromRounded);
  });

  test('together, with beginnings shared and tokens guessed, all have the bits of each alone', async () => {
    const [model] = chosen;
    if (!model) throw new TypeError('no test model');
    const plain = await open(model, kvType, true);
    const { root } = plain.report;
    const text = 'Once upon a time, there was a little girl named Lily. She loved to play. She loved to play. ';
    const prompt = await plain.engine.encodePrompt(root, text);
    const requests = Array.from({ length: 6 }, (_, i) => ({
      model: root,
      prompt: prompt.slice(0, prompt.length - 5 * (i % 3)),
      maxTokens: 12,
      sampling: { temperature: i % 2 ? 0.8 : 0, topK: 30, topP: 0.95, seed: i },
      record: i,
      stop: [],
      logProbabilities: true,
    }));
    const alone: Answer[] = [];
    for (const request of requests) alone.push(await answerOf(plain.engine, request));
    await plain.engine.stop();
    const { engine } = await open(model, kvType);
    expect(await Promise.all(requests.map((request) => answerOf(engine, request)))).toEqual(alone);
    // And one by itself, as guesses are made only then.
    const [first] = requests;
    if (first) expect(await answerOf(engine, first)).toEqual(alone[0]);
    expect((await engine.stats()).promptTokensShared).toBeGreaterThan(0);
    await engine.stop();
  });
});

test('a type is part of the numeric class, of the memory taken and of the budget', async () => {
  const [model] = chosen;
  if (!model) throw new TypeError('no test model');
  const config = readModelConfig(parseGgufHeader(await model.file()));
  const large = { ...config, kvHeads: 8, headSize: 128, layers: 32, contextTokens: 65_536 };
  const found = new Map<KvType, { bytes: number; perToken: number; pages: number; name: string }>();
  for (const kvType of ['f32', 'f16', 'int8'] as const) {
    const { engine, report } = await open(model, kvType);
    const { numericClass } = await answerOf(engine, {
      model: report.root,
      prompt: Uint32Array.of(1, 300),
      maxTokens: 1,
      sampling: { temperature: 0, topK: 0, topP: 1, seed: 0 },
      record: 0,
      stop: [],
    });
    const { pages } = runLimits(large, { slots: 32, contextTokens: 1024, kvType }).limits;
    found.set(kvType, {
      bytes: (await engine.stats()).gpuBytes,
      perToken: report.kvBytesPerToken,
      pages,
      name: numericClass,
    });
    await engine.stop();
  }
  const [f32, f16, int8] = [...found.values()];
  if (!f32 || !f16 || !int8) throw new TypeError('three types');
  const { layers, kvHeads, headSize } = config;
  expect([f32, f16, int8].map(({ perToken }) => perToken / (2 * layers * kvHeads))).toEqual([
    4 * headSize,
    2 * headSize,
    headSize + 4,
  ]);
  // 8 slots of 128 positions.
  expect(f32.bytes - f16.bytes).toBe(1024 * (f32.perToken - f16.perToken));
  expect(f32.bytes - int8.bytes).toBe(1024 * (f32.perToken - int8.perToken));
  expect(f16.pages).toBe(2 * f32.pages);
  expect(int8.pages / f32.pages).toBeGreaterThan(3.8);
  expect(new Set([f32.name, f16.name, int8.name]).size).toBe(3);
  expect(f16.name).toContain('kv-f16');
});
