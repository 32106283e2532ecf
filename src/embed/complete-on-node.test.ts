import { expect, test } from 'vitest';
import type { ModelRoot } from '../base/branded.ts';
import type { ChatOptions, NodeSnapshot } from '../node/index.ts';
import { completeOnNode } from './complete-on-node.ts';

const model = 'a'.repeat(64) as ModelRoot;
const request = {
  messages: [{ role: 'user', content: 'Good day' }],
  adapter: undefined,
  choices: ['talk: Good day.', 'wave: Good day.'],
  maxTokens: 48,
  temperature: 0.7,
  seed: 9,
  onText: () => undefined,
  signal: new AbortController().signal,
} as const;

const listing = (models: readonly unknown[]) => () => ({ models }) as unknown as NodeSnapshot;

test('what the kit asks reaches the node whole, and the pieces come back as one text', async () => {
  const asked: ChatOptions[] = [];
  const pieces: string[] = [];
  const complete = completeOnNode(
    {
      async chat(options) {
        asked.push(options);
        options.onText('talk: Good');
        options.onText(' day.');
      },
      snapshot: listing([]),
    },
    model,
    0,
  );
  const answer = await complete({ ...request, onText: (text) => pieces.push(text) });
  expect(answer).toEqual({ text: 'talk: Good day.', by: 'device' });
  expect(pieces).toEqual(['talk: Good', ' day.']);
  const { messages, maxTokens, temperature, seed, choices } = request;
  expect(asked[0]).toMatchObject({ model, messages, maxTokens, temperature, seed, constraint: { choices } });
});

test('a character answers as its adapter does: one listed for this model, and of a size that the page allows', async () => {
  const adapter = 'b'.repeat(64);
  const facts = { base: model, rank: 8 };
  const offered = { root: adapter, sizeBytes: 1_000, adapter: facts };
  const asked: ChatOptions[] = [];
  const chat = async (options: ChatOptions) => void asked.push(options);
  await completeOnNode({ chat, snapshot: listing([offered]) }, model, 1_000)({ ...request, adapter });
  expect(asked.map((options) => options.model)).toEqual([adapter]);
  const missing = { code: 'adapter-missing' };
  const others = [[], [{ ...offered, sizeBytes: 1_001 }], [{ ...offered, adapter: { ...facts, base: adapter } }]];
  for (const models of others) {
    const complete = completeOnNode({ chat, snapshot: listing(models) }, model, 1_000);
    await expect(complete({ ...request, adapter })).rejects.toMatchObject(missing);
  }
  expect(asked).toHaveLength(1);
});

test('a node that fails is named', async () => {
  const chat = () => Promise.reject(new RangeError('no GPU'));
  await expect(completeOnNode({ chat, snapshot: listing([]) }, model, 0)(request)).rejects.toThrow('no GPU');
});
