import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createRandom } from '../../base/random.ts';
import { createModelTokenizer } from '../../engine/tokenizer/model-tokenizer.ts';
import { BYTE_OF_CHARACTER } from '../../engine/tokenizer/byte-alphabet.ts';
import { writeGguf } from '../../weights/gguf/write-gguf.ts';
import { parseGgufHeader } from '../../weights/index.ts';
import { encodeCompletion, encodeConversation } from './encode-rows.ts';
import { TrainingDataError } from './errors.ts';
import { layRows, packRows } from './pack-rows.ts';
import { parseTrainingJsonl } from './parse-jsonl.ts';
import { prepareDataset, previewRow } from './prepare-dataset.ts';
import { epochOrder, splitRows } from './split-rows.ts';
import { rowPositions, type TokenRow } from './token-row.ts';

const CHATML =
  '{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}';
function tokenizerOf(template: string) {
  const tokens = [...BYTE_OF_CHARACTER.keys(), '<s>', '<|im_start|>', '<|im_end|>'];
  return createModelTokenizer(
    parseGgufHeader(
      writeGguf({
        metadata: {
          'tokenizer.ggml.model': 'gpt2',
          'tokenizer.ggml.pre': 'smollm',
          'tokenizer.ggml.tokens': tokens,
          'tokenizer.ggml.token_type': Int32Array.from(tokens, (_, id) => (id >= 256 ? 3 : 1)),
          'tokenizer.ggml.merges': [],
          'tokenizer.ggml.bos_token_id': 256,
          'tokenizer.ggml.eos_token_id': 258,
          'tokenizer.ggml.add_bos_token': true,
          'tokenizer.chat_template': template,
        },
        tensors: [],
      }),
    ),
  );
}
const tokenizer = tokenizerOf(CHATML);
const codeOf = (run: () => unknown): string => {
  try {
    run();
    return 'fine';
  } catch (error) {
    return error instanceof TrainingDataError ? error.code : `not named: ${String(error)}`;
  }
};
const learntText = (row: TokenRow) =>
  previewRow(tokenizer, row)
    .filter(({ isLearnt }) => isLearnt)
    .map(({ text }) => text)
    .join('');
const messages = [
  { role: 'system', content: 'Be brief.' },
  { role: 'user', content: 'Hi' },
  { role: 'assistant', content: 'Hello.' },
  { role: 'user', content: 'Bye' },
  { role: 'assistant', content: 'So long.' },
] as const;

describe('a conversation', () => {
  test('is read as it will be at inference, and only replies and their ends are learnt', () => {
    const row = encodeConversation(tokenizer, messages);
    expect(learntText(row)).toBe('Hello.<|im_end|>So long.<|im_end|>');
    const asked = tokenizer.encodeChat(messages.slice(0, 4));
    expect(row.tokens.slice(0, asked.length)).toEqual(asked);
    expect(
      previewRow(tokenizer, row)
        .map(({ text }) => text)
        .join(''),
    ).toBe(`<s>${tokenizer.renderChat(messages, false)}`);
  });

  test('leaves out replies of weight 0 and what stands behind the last one learnt', () => {
    const first = encodeConversation(tokenizer, [...messages.slice(0, 4), { ...messages[4], weight: 0 }]);
    expect(learntText(first)).toBe('Hello.<|im_end|>');
    const second = encodeConversation(tokenizer, [
      ...messages.slice(0, 2),
      { ...messages[2], weight: 0 },
      ...messages.slice(3),
    ]);
    expect(learntText(second)).toBe('So long.<|im_end|>');
    expect(second.tokens).toEqual(encodeConversation(tokenizer, messages).tokens);
  });

  test('learns only the last reply where the template rewrites earlier ones', () => {
    const forgetful = tokenizerOf(
      "{% for m in messages %}<|im_start|>{{ m.role }}\n{% if m.role == 'assistant' and not loop.last %}(said){% else %}{{ m.content }}{% endif %}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}",
    );
    const row = encodeConversation(forgetful, messages);
    expect(learntText(row)).toBe('So long.<|im_end|>');
    expect(
      previewRow(tokenizer, row)
        .map(({ text }) => text)
        .join(''),
    ).toContain('(said)');
  });

  test('is refused by name without a reply, or under a template that ends elsewhere', () => {
    expect(codeOf(() => encodeConversation(tokenizer, messages.slice(0, 2)))).toBe('no-completion');
    const closing = tokenizerOf(`{{ messages | length }}${CHATML}`);
    expect(codeOf(() => encodeConversation(closing, messages))).toBe('template-unfit');
  });
});

test('a completion is learnt with its end, its prompt is not', () => {
  expect(learntText(encodeCompletion(tokenizer, 'Once', ' upon'))).toBe(' upon<|im_end|>');
  expect(learntText(encodeCompletion(tokenizer, '', 'Once'))).toBe('Once<|im_end|>');
});

describe('the file', () => {
  const chat = (...roles: string[]) => JSON.stringify({ messages: roles.map((role) => ({ role, content: 'x' })) });

  test('holds chats, completions and texts side by side', () => {
    const text = `\uFEFF${chat('developer', 'user', 'assistant')}\r\n\n{"prompt": "a", "completion": "b"}\n{"text": "c", "id": 4}\n`;
    expect(parseTrainingJsonl(text)).toMatchObject([
      { kind: 'chat', line: 1, messages: [{ role: 'system' }, { role: 'user' }, { role: 'assistant' }] },
      { kind: 'completion', line: 3, prompt: 'a', completion: 'b' },
      { kind: 'completion', line: 4, prompt: '', completion: 'c' },
    ]);
    const parts = {
      messages: [
        {
          role: 'user',
          content: [
            { type: 'text', text: 'a' },
            { type: 'text', text: 'b' },
          ],
        },
        { role: 'assistant', content: 'c' },
      ],
    };
    expect(parseTrainingJsonl(JSON.stringify(parts))).toMatchObject([
      { messages: [{ content: 'ab' }, { content: 'c' }] },
    ]);
  });

  test.each([
    ['', 'empty'],
    [' \n\n', 'empty'],
    ['{', 'not-jsonl'],
    ['[]', 'not-jsonl'],
    ['{"messages": "x"}', 'not-jsonl'],
    ['{"prompt": "x"}', 'not-jsonl'],
    ['{"messages": []}', 'no-completion'],
    [chat('user'), 'no-completion'],
    [chat('user', 'tool'), 'invalid-role'],
    [chat('assistant', 'user'), 'invalid-role'],
    [chat('user', 'assistant', 'assistant'), 'invalid-role'],
    [chat('user', 'system', 'assistant'), 'invalid-role'],
    ['{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": " "}]}', 'no-completion'],
    ['{"prompt": "x", "completion": ""}', 'no-completion'],
    ['{"text": " "}', 'no-completion'],
    [`{"text": "${'x'.repeat(1024 * 1024)}"}`, 'too-large'],
  ])('%.60s is refused as %s', (text, code) => {
    expect(codeOf(() => parseTrainingJsonl(text))).toBe(code);
  });

  test('an error names its line', () => {
    expect(() => parseTrainingJsonl(`{"text": "a"}\n\n{"text": 1}`)).toThrow(/line 3/);
  });

  test('100,000 mutated files raise TrainingDataError or are accepted, nothing else', () => {
    const seeds = [chat('system', 'user', 'assistant'), '{"prompt": "a", "completion": "b"}', '{"text": "ä"}'].join(
      '\n',
    );
    const random = createRandom(1);
    const pieces = [
      '"',
      '{',
      '}',
      '[',
      ']',
      ':',
      ',',
      '\n',
      '\\u0000',
      'null',
      '1e999',
      'role',
      'assistant',
      '\uD800',
      ' ',
    ];
    let refused = 0;
    for (let run = 0; run < 100_000; run++) {
      let text = seeds;
      for (let i = 0; i <= random.below(3); i++) {
        const at = random.below(text.length + 1);
        const piece = pieces[random.below(pieces.length)] ?? '';
        text = text.slice(0, at) + piece + text.slice(at + random.below(6));
      }
      const code = codeOf(() => parseTrainingJsonl(text));
      if (code.startsWith('not named')) expect(code, text).toBe('a TrainingDataError');
      if (code !== 'fine') refused += 1;
    }
    expect(refused).toBeGreaterThan(10_000);
  });
});

const rowsOf = fc.array(
  fc.uint8Array({ minLength: 2, maxLength: 30 }).map((tokens): TokenRow => ({
    tokens: Uint32Array.from(tokens),
    isLearnt: Uint8Array.from(tokens, (token, at) => (at > 0 && token % 3 === 0 ? 1 : 0)),
  })),
  { minLength: 1, maxLength: 30 },
);

test('packing keeps every row whole, in its own segment, with the labels that follow', () => {
  fc.assert(
    fc.property(rowsOf, (rows) => {
      const batches = packRows(rows, 40);
      const found: string[] = [];
      for (const { tokens, positions, segmentStarts, labels } of batches) {
        for (let at = 0; at < 40; at++) {
          const start = segmentStarts[at] ?? -1;
          expect(positions[at]).toBe(at - start);
          if (start !== at) continue;
          let end = at + 1;
          while (end < 40 && segmentStarts[end] === at) end += 1;
          found.push(`${tokens.slice(at, end).join()}|${labels.slice(at, end).join()}`);
        }
      }
      for (const { tokens, isLearnt } of rows) {
        const labels = Array.from(tokens.subarray(1), (token, at) => (isLearnt[at + 1] ? token : -1));
        const at = found.indexOf(`${tokens.slice(0, -1).join()}|${labels.join()}`);
        expect(at).toBeGreaterThanOrEqual(0);
        found.splice(at, 1);
      }
      // What is left is filling: single tokens 0 without a label.
      expect(new Set(found)).toEqual(found.length > 0 ? new Set(['0|-1']) : new Set());
      const total = rows.reduce((sum, row) => sum + rowPositions(row), 0);
      expect(batches.length).toBeLessThanOrEqual(Math.max(1, Math.ceil((total / 40) * 2)));
    }),
  );
  expect(codeOf(() => layRows([{ tokens: new Uint32Array(9), isLearnt: new Uint8Array(9) }], 7))).toBe('row-too-long');
});

test('the split is the same every time, loses nothing, and leaves both sides a row', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat(), { minLength: 2 }),
      fc.double({ min: 0.01, max: 0.99, noNaN: true }),
      (rows, share) => {
        const { train, evaluation } = splitRows(rows, share, 3);
        expect([...train, ...evaluation].toSorted((a, b) => a - b)).toEqual(rows.toSorted((a, b) => a - b));
        expect(Math.min(train.length, evaluation.length)).toBeGreaterThanOrEqual(1);
        expect(splitRows(rows, share, 3)).toEqual({ train, evaluation });
      },
    ),
  );
  expect(codeOf(() => splitRows([], 0.1, 1))).toBe('empty');
  expect(codeOf(() => splitRows([1], 0.1, 1))).toBe('too-few-rows');
  const rows = Array.from({ length: 50 }, (_, i) => i);
  expect(epochOrder(rows, 1, 0)).not.toEqual(epochOrder(rows, 1, 1));
  expect(epochOrder(rows, 1, 1)).toEqual(epochOrder(rows, 1, 1));
});

test('a whole file becomes rows; one that is too long is named with its line', () => {
  const jsonl = Array.from({ length: 10 }, (_, i) =>
    JSON.stringify({ messages: [...messages.slice(0, 2), { role: 'assistant', content: `Number ${i}.` }] }),
  ).join('\n');
  const options = { maxPositions: 100, evaluationShare: 0.2, seed: 1 };
  const { train, evaluation, learnt, positions } = prepareDataset(tokenizer, jsonl, options);
  expect([train.length, evaluation.length]).toEqual([8, 2]);
  expect(learnt).toBe(10 * ('Number 1.'.length + 1));
  expect(positions).toBe([...train, ...evaluation].reduce((sum, { tokens }) => sum + tokens.length - 1, 0));
  expect(() => prepareDataset(tokenizer, `${jsonl}\n{"text": "${'x'.repeat(101)}"}`, options)).toThrow(
    /line 11 takes 102/,
  );
});
