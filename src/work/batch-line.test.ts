import { expect, test } from 'vitest';
import { readBatchLine } from './batch-line.ts';
import { batchLine } from './simulation.compliance.ts';

const read = (text: string, seen = new Set<string>()) => readBatchLine(text, seen);
const line = (change: Record<string, unknown>) =>
  JSON.stringify({ ...(JSON.parse(batchLine('a')) as Record<string, unknown>), ...change });
const body = (change: Record<string, unknown>, url?: string) => batchLine('a', change, url);
const chat = (change: Record<string, unknown>) => body(change, '/v1/chat/completions');

test('a completions line is read, with the defaults of OpenAI filled in', () => {
  expect(read(body({ max_tokens: undefined, temperature: undefined }))).toEqual({
    customId: 'a',
    request: {
      endpoint: '/v1/completions',
      model: 'letters',
      messages: undefined,
      prompt: 'say a',
      maxTokens: undefined,
      temperature: 1,
      topP: 1,
      topK: 0,
      seed: undefined,
      stop: [],
    },
  });
});

test('a chat line is read with parts of text, the newer role name, and every sampling number', () => {
  const messages = [
    { role: 'developer', content: 'be brief', name: 'x' },
    {
      role: 'user',
      content: [
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ],
    },
  ];
  const numbers = { max_completion_tokens: 9, temperature: 0.5, top_p: 0.25, top_k: 40, seed: -1, stop: '\n' };
  expect(read(chat({ messages, max_tokens: null, ...numbers }))).toMatchObject({
    request: {
      messages: [
        { role: 'system', content: 'be brief' },
        { role: 'user', content: 'ab' },
      ],
      maxTokens: 9,
      temperature: 0.5,
      topP: 0.25,
      topK: 40,
      seed: 2 ** 32 - 1,
      stop: ['\n'],
    },
  });
});

test('what says nothing about the answer, or stands at the value that does nothing, is accepted', () => {
  const harmless = { user: 'u', metadata: { a: 'b' }, store: true, service_tier: 'auto', safety_identifier: 's' };
  const neutral = { n: 1, stream: false, logprobs: null, presence_penalty: 0, logit_bias: {}, tools: [], stop: null };
  expect(read(chat({ ...harmless, ...neutral, response_format: { type: 'text' } }))).toHaveProperty('request');
});

test('a response_format is a schema, text is none', () => {
  const json_schema = { name: 'x', strict: true, schema: { type: 'integer' } };
  const schemaOf = (response_format: unknown) => {
    const found = read(chat({ response_format }));
    return 'request' in found ? found.request.schema : found.code;
  };
  expect(schemaOf({ type: 'json_schema', json_schema })).toBe('{"type":"integer"}');
  expect(schemaOf({ type: 'json_object' })).toBe('{"type":"object"}');
  expect(schemaOf({ type: 'text' })).toBeUndefined();
  expect(schemaOf({ type: 'json_schema', json_schema: { schema: { enum: ['x'.repeat(40_000)] } } })).toBe('bad-schema');
  expect(schemaOf({ type: 'xml' })).toBe('bad-parameter');
});

const FAULTS: readonly (readonly [string, string, string | undefined, string])[] = [
  ['text that is not json', 'not-json', undefined, '{"custom_id":'],
  ['an array', 'not-object', undefined, '[]'],
  ['null', 'not-object', undefined, 'null'],
  ['a line without custom_id', 'custom-id-missing', 'custom_id', line({ custom_id: undefined })],
  ['a custom_id that is a number', 'custom-id-invalid', 'custom_id', line({ custom_id: 7 })],
  ['an empty custom_id', 'custom-id-invalid', 'custom_id', line({ custom_id: '' })],
  ['a custom_id of 257 characters', 'custom-id-invalid', 'custom_id', line({ custom_id: 'x'.repeat(257) })],
  ['an unknown field', 'unknown-field', 'priority', line({ priority: 1 })],
  ['another method', 'unknown-method', 'method', line({ method: 'GET' })],
  ['another endpoint', 'unknown-url', 'url', line({ url: '/v1/embeddings' })],
  ['a line without body', 'body-missing', 'body', line({ body: 'x' })],
  ['a body without model', 'model-missing', 'model', body({ model: undefined })],
  ['n above 1', 'unsupported-parameter', 'n', body({ n: 2 })],
  ['streaming', 'unsupported-parameter', 'stream', body({ stream: true })],
  ['tools', 'unsupported-parameter', 'tools', chat({ tools: [{ type: 'function' }] })],
  ['logprobs', 'unsupported-parameter', 'logprobs', body({ logprobs: 5 })],
  ['a parameter nobody knows', 'unsupported-parameter', 'colour', body({ colour: 'red' })],
  [
    'a key that JSON alone can make',
    'unsupported-parameter',
    '__proto__',
    batchLine('a').replace('"max', '"__proto__":{"x":1},"max'),
  ],
  ['messages on the text endpoint', 'unsupported-parameter', 'messages', body({ messages: [] })],
  ['max_tokens 0', 'bad-max-tokens', 'max_tokens', body({ max_tokens: 0 })],
  ['max_tokens beyond the protocol', 'bad-max-tokens', 'max_tokens', body({ max_tokens: 32_769 })],
  ['max_tokens that is no whole number', 'bad-max-tokens', 'max_tokens', body({ max_tokens: 1.5 })],
  ['temperature above 2', 'bad-parameter', 'temperature', body({ temperature: 2.01 })],
  [
    'temperature beyond every number',
    'bad-parameter',
    'temperature',
    batchLine('a').replace('"temperature":0', '"temperature":1e999'),
  ],
  ['top_p below 0', 'bad-parameter', 'top_p', body({ top_p: -0.1 })],
  ['five stop strings', 'bad-parameter', 'stop', body({ stop: ['a', 'b', 'c', 'd', 'e'] })],
  ['an empty stop string', 'bad-parameter', 'stop', body({ stop: [''] })],
  ['no messages', 'bad-messages', 'messages', chat({ messages: [] })],
  ['a role that is not known', 'bad-messages', 'messages.0.role', chat({ messages: [{ role: 'tool', content: 'x' }] })],
  [
    'a picture',
    'bad-messages',
    'messages.0.content',
    chat({ messages: [{ role: 'user', content: [{ type: 'image_url' }] }] }),
  ],
  ['a prompt that is a list', 'bad-prompt', 'prompt', body({ prompt: ['a'] })],
  ['an empty prompt', 'bad-prompt', 'prompt', body({ prompt: '' })],
];

for (const [what, code, param, text] of FAULTS) {
  test(`${what} is refused as ${code}`, () => {
    const fault = read(text);
    expect(fault).toMatchObject({ code, message: expect.stringMatching(/^work: /) as string });
    if ('code' in fault) {
      if (param !== undefined) expect(fault.param?.startsWith(param)).toBe(true);
      expect(fault.customId).toBe(/^(not|custom-id)-/.test(code) ? null : 'a');
    }
  });
}

test('the second line of one custom_id is refused and the first stands', () => {
  const seen = new Set<string>();
  expect(read(batchLine('a'), seen)).toHaveProperty('request');
  expect(read(batchLine('a'), seen)).toMatchObject({ code: 'custom-id-doubled', customId: 'a' });
});
