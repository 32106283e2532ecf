import { expect, test } from 'vitest';
import type { JobId, ModelRoot, PeerId } from '../base/branded.ts';
import type { AskingNode, NodeSnapshot } from '../node/index.ts';
import { completeByOthers } from './complete-by-others.ts';

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

/** A node whose one peer answers each batch with `content`, or with an error. */
function nodeWith(answer: { readonly content: string } | { readonly error: string }) {
  const asked: unknown[] = [];
  const gone: string[] = [];
  const id = 'job' as JobId;
  const job = { id, state: 'done', byPeer: [{ peer: 'peer-1' as PeerId, isSelf: false, records: 1 }] };
  const line = 'content' in answer ? { response: { body: { choices: [{ message: answer }] } } } : undefined;
  const node: AskingNode = {
    snapshot: () => ({ jobs: [job] }) as unknown as NodeSnapshot,
    onChange: () => () => undefined,
    async submitBatch(file, where) {
      asked.push({ where, ...(JSON.parse(await file.text()) as object) });
      return id;
    },
    cancelJob: async () => undefined,
    removeJob: async (which) => void gone.push(which),
    jobFiles: async () => ({
      output: new Blob(line ? [JSON.stringify(line)] : []),
      errors: new Blob('error' in answer ? [JSON.stringify({ error: { message: answer.error } })] : []),
    }),
  };
  return { node, asked, gone };
}

test('a question goes out as one line, held to its choices, and its answer comes back with who gave it', async () => {
  const { node, asked, gone } = nodeWith({ content: '"talk: Good day."' });
  const pieces: string[] = [];
  const answer = await completeByOthers(node, model)({ ...request, onText: (text) => pieces.push(text) });
  expect(answer).toEqual({ text: 'talk: Good day.', by: 'peer-1' });
  expect(pieces).toEqual(['talk: Good day.']);
  expect(asked).toMatchObject([
    {
      where: 'swarm',
      url: '/v1/chat/completions',
      body: {
        model,
        messages: request.messages,
        seed: 9,
        response_format: { json_schema: { schema: { type: 'string', enum: request.choices } } },
      },
    },
  ]);
  expect(gone).toEqual(['job']);
});

test.each(['no json', '{"text":1}', ''])(
  'an answer that is not of the form is handed on as it is: %j',
  async (content) => {
    expect((await completeByOthers(nodeWith({ content }).node, model)(request)).text).toBe(content);
  },
);

test('a question that nobody answers is named, and leaves nothing', async () => {
  const { node, gone } = nodeWith({ error: 'work: line is too long' });
  await expect(completeByOthers(node, model)(request)).rejects.toMatchObject({ code: 'not-answered' });
  expect(gone).toEqual(['job']);
  const stopped = AbortSignal.abort();
  await expect(completeByOthers(node, model)({ ...request, signal: stopped })).rejects.toMatchObject({
    name: 'AbortError',
  });
});
