import { beforeAll, describe, expect, test } from 'vitest';
import type { AdapterRoot } from '../base/branded.ts';
import { createMemoryPieceStore, parseGgufHeader } from '../weights/index.ts';
import { createEngineApi, type EngineApi, type SequenceRequest } from './index.ts';
import { readModelConfig } from './model/config.ts';
import { answerOf, type Answer } from './testing/answer.ts';
import { randomAdapter } from './testing/random-adapter.ts';
import { storeFile } from './testing/store-file.ts';
import { testModels } from './testing/test-models.ts';

const GREEDY = { temperature: 0, topK: 0, topP: 1, seed: 0 };
const SAMPLED = { temperature: 0.8, topK: 30, topP: 0.95, seed: 3 };
const SEQUENCES = 16;
const store = createMemoryPieceStore();
const model = testModels.find(({ name }) => name === 'stories260K-Q8_0') ?? testModels[0];
if (!model) throw new TypeError('no test model');
const SCHEMA = { type: 'object', properties: { a: { type: 'string', maxLength: 3 } }, required: ['a'] };

async function open(sharesPrefixes: boolean, speculates: boolean): Promise<EngineApi> {
  const engine = createEngineApi({ store });
  const file = await model?.file();
  if (!file) throw new TypeError('no test model');
  const source = await storeFile(store, file, 64 * 1024);
  const options = { contextTokens: 128, slots: SEQUENCES, sharesPrefixes, speculates };
  const { root } = await engine.loadModel(source, () => undefined, options);
  const config = readModelConfig(parseGgufHeader(file));
  const targets = ['attn_q', 'attn_v'];
  await engine.loadAdapter(root, 'large' as AdapterRoot, randomAdapter(config, { rank: 20, seed: 1 }));
  await engine.loadAdapter(root, 'small' as AdapterRoot, randomAdapter(config, { rank: 4, seed: 2, targets }));
  return engine;
}

let requests: readonly SequenceRequest[];
/** Of each request with nothing beside it, nothing shared and nothing guessed. */
let alone: readonly Answer[];

beforeAll(async () => {
  const plain = await open(false, false);
  const file = await model.file();
  const source = await storeFile(store, file, 64 * 1024);
  const text = 'Once upon a time, there was a little girl named Lily. She loved to play. She loved to play. ';
  const prompt = await plain.encodePrompt(source.root, text);
  requests = Array.from({ length: SEQUENCES }, (_, i) => ({
    id: '',
    model: source.root,
    prompt: prompt.slice(0, Math.max(1, prompt.length - 5 * (i % 7))),
    maxTokens: 3 + (i % 5),
    sampling: i % 2 ? { ...SAMPLED, seed: i } : GREEDY,
    record: i,
    stop: [],
    logProbabilities: true,
    ...(i % 3 === 1 ? { adapter: (i % 2 ? 'large' : 'small') as AdapterRoot } : {}),
    ...(i % 4 === 2 ? { constraint: { schema: SCHEMA } } : {}),
  }));
  const answers: Answer[] = [];
  for (const request of requests) answers.push(await answerOf(plain, request));
  alone = answers;
  await plain.stop();
}, 120_000);

describe.each([
  [false, false],
  [false, true],
  [true, false],
  [true, true],
])('beginnings shared: %s, tokens guessed: %s', (sharesPrefixes, speculates) => {
  test('every batch of 1 to 16 mixed sequences has the bits of each alone', async () => {
    const engine = await open(sharesPrefixes, speculates);
    for (let size = 1; size <= SEQUENCES; size++) {
      // Another part of the mix each time.
      const chosen = Array.from({ length: size }, (_, i) => (size * 5 + i) % SEQUENCES);
      const together = await Promise.all(chosen.map((i) => answerOf(engine, requests[i] as SequenceRequest)));
      expect(together, `batch of ${size}`).toEqual(chosen.map((i) => alone[i]));
    }
    await engine.stop();
  });
});
