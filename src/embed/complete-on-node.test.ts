import { expect, test } from 'vitest';
import type { ModelRoot } from '../base/branded.ts';
import type { ChatOptions } from '../node/index.ts';
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
    },
    model,
  );
  const answer = await complete({ ...request, onText: (text) => pieces.push(text) });
  expect(answer).toEqual({ text: 'talk: Good day.', by: 'device' });
  expect(pieces).toEqual(['talk: Good', ' day.']);
  const { messages, maxTokens, temperature, seed, choices } = request;
  expect(asked[0]).toMatchObject({ model, messages, maxTokens, temperature, seed, constraint: { choices } });
});

test('an adapter that is not here and a node that fails are named', async () => {
  const failing = completeOnNode({ chat: () => Promise.reject(new RangeError('no GPU')) }, model);
  await expect(failing(request)).rejects.toThrow('no GPU');
  await expect(failing({ ...request, adapter: 'b'.repeat(64) })).rejects.toMatchObject({ code: 'adapter-missing' });
});
