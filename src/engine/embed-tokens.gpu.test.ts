import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ModelRoot } from '../base/branded.ts';
import type { Bytes } from '../base/bytes.ts';
import { createMemoryPieceStore } from '../weights/index.ts';
import { createEngineApi } from './index.ts';
import { loadReferenceModel } from './model/forward.reference.ts';
import { storeFile } from './testing/store-file.ts';
import { testModels } from './testing/test-models.ts';

const store = createMemoryPieceStore();
const engine = createEngineApi({ store });
const model = testModels.find(({ name }) => name === 'stories260K-Q8_0') ?? testModels[0];
if (!model) throw new TypeError('no test model');
let file: Bytes;
let root: ModelRoot;
beforeAll(async () => {
  file = await model.file();
  ({ root } = await engine.loadModel(await storeFile(store, file, 64 * 1024), () => undefined, { contextTokens: 128 }));
}, 120_000);
afterAll(() => engine.stop());

const unit = (values: Float64Array) => values.map((value) => value / Math.hypot(...values));

test('a vector is the mean or the last of the states of the model in float64, at length 1, whatever runs beside', async () => {
  const texts = ['Once upon a time', 'x', 'The cat sat on the mat and looked at the big red ball.'];
  const tokens = await Promise.all(texts.map((text) => engine.encodePrompt(root, text)));
  const [means, lasts] = await Promise.all(
    (['mean', 'last'] as const).map((pooling) => Promise.all(tokens.map((ids) => engine.embed(root, ids, pooling)))),
  );
  for (const [i, ids] of tokens.entries()) {
    const states = loadReferenceModel(file).states(ids);
    const sum = states.reduce((a, b) => a.map((value, j) => value + (b[j] ?? 0)));
    for (const [found, expected] of [
      [means?.[i], unit(sum)],
      [lasts?.[i], unit(states.at(-1) ?? sum)],
    ] as const) {
      expect(Math.hypot(...(found ?? []))).toBeCloseTo(1, 5);
      // f32 against f64 through five layers, as the logits are held to.
      expect(Math.max(...expected.map((value, j) => Math.abs(value - (found?.[j] ?? 9))))).toBeLessThan(1e-4);
    }
    expect(await engine.embed(root, ids, 'mean')).toEqual(means?.[i]);
  }
});

test('the likeliest continuation is the one that the reference finds likeliest', async () => {
  const prompt = 'Once upon a time, there was a little';
  const choices = [' girl', ' xylophone', ' boy'];
  const found = await engine.choose(root, prompt, choices);
  expect(found.reduce((a, b) => a + b, 0)).toBeCloseTo(1, 6);
  const before = (await engine.encodePrompt(root, prompt)).length;
  const reference = loadReferenceModel(file);
  const scores: number[] = [];
  for (const choice of choices) {
    const ids = await engine.encodePrompt(root, prompt + choice);
    const rows = reference.logProbabilities(ids);
    const parts = [...ids].slice(before).map((id, i) => rows[before + i - 1]?.[id] ?? 0);
    scores.push(parts.reduce((a, b) => a + b, 0) / parts.length);
  }
  for (const [i, score] of scores.entries())
    expect(Math.log(found[i] ?? 0) - Math.log(found[0] ?? 0)).toBeCloseTo(score - (scores[0] ?? 0), 3);
});

test('what cannot be read is refused by name', async () => {
  await expect(engine.embed(root, new Uint32Array(0), 'mean')).rejects.toMatchObject({ code: 'request-invalid' });
  await expect(engine.embed(root, Uint32Array.of(99_999), 'last')).rejects.toMatchObject({ code: 'request-invalid' });
  await expect(engine.embed(root, new Uint32Array(129).fill(300), 'mean')).rejects.toMatchObject({
    code: 'prompt-too-long',
  });
});
