import { expect, test } from 'vitest';
import { createMemoryPieceStore } from '../weights/index.ts';
import { createEngineApi, type EngineEvent } from './index.ts';
import { readModelConfig } from './model/config.ts';
import { forwardReference } from './model/forward.reference.ts';
import { openSource } from './model/open-source.ts';
import { bundleOf, makeCheckpoint, type CheckpointKind } from './testing/make-checkpoint.ts';
import { storeFile } from './testing/store-file.ts';

/**
 * Log-probabilities of a folder of safetensors against f64 over the weights that its layout spells, with the rotation of
 * the checkpoint (halves of a head), not of GGUF. Q4_0 is exact; Q4_1 rounds each minimum by up to 15/2048 of a step.
 */
test.each<[CheckpointKind, number]>([
  [{ architecture: 'llama', method: 'gptq', groupSize: 32, isSymmetric: true }, 1e-4],
  [{ architecture: 'llama', method: 'awq', groupSize: 128 }, 5e-3],
  [{ architecture: 'qwen2', method: 'gptq', groupSize: 64 }, 5e-3],
])('$architecture $method in groups of $groupSize computes what f64 does', async (kind, bound) => {
  const { files, tables } = makeCheckpoint(kind);
  const store = createMemoryPieceStore();
  const { file, headerBytes } = bundleOf(files);
  const source = await storeFile(store, file, 65_537, headerBytes);
  const { header } = await openSource(source, store);
  const engine = createEngineApi({ store });
  const { root } = await engine.loadModel(source, () => undefined);
  const prompt = await engine.encodePrompt(root, 'hello, how do you do?');
  expect(prompt.length).toBe(18);
  const { vocabulary, logProbabilities } = await engine.score(root, prompt);
  const config = { ...readModelConfig(header), ropeStyle: 'halves' as const };
  const expected = forwardReference(config, tables, prompt);
  const errors = expected.flatMap((row, i) =>
    Array.from(row, (v, id) => Math.abs((logProbabilities[i * vocabulary + id] ?? Number.NaN) - v)),
  );
  expect(errors.reduce((a, b) => a + b, 0) / errors.length).toBeLessThan(bound);
  const events: EngineEvent[] = [];
  const sampling = { temperature: 0, topK: 0, topP: 1, seed: 0 };
  await engine.generate({ id: 'a', model: root, prompt, maxTokens: 4, sampling, record: 0, stop: [] }, (event) =>
    events.push(event),
  );
  expect(events.at(-1)).toMatchObject({ t: 'done', finish: 'length' });
  await engine.stop();
});
