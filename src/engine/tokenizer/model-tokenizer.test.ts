import fc from 'fast-check';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { writeGguf } from '../../weights/gguf/write-gguf.ts';
import { parseGgufHeader } from '../../weights/index.ts';
import { BYTE_OF_CHARACTER } from './byte-alphabet.ts';
import { createModelTokenizer } from './model-tokenizer.ts';

const root = '../shared/models';
const files = ['random', 'stories260K'].flatMap((folder) =>
  existsSync(join(root, folder))
    ? readdirSync(join(root, folder))
        .filter((name) => name.endsWith('.gguf'))
        .map((name) => join(root, folder, name))
    : [],
);
test.skipIf(files.length > 0)('skipped: ../shared/models is absent', () => undefined);

describe.each(files)('tokenizer of %s', (file) => {
  const bytes = readFileSync(file);
  const { headerBytes } = parseGgufHeader(bytes);
  const tokenizer = createModelTokenizer(parseGgufHeader(bytes.subarray(0, headerBytes)));
  const oracle = JSON.parse(readFileSync(file.replace('.gguf', '.reference.json'), 'utf8')) as {
    text: string;
    tokens: number[];
  };

  test('gives the oracle its token ids', () => {
    expect([...tokenizer.encode(oracle.text)].slice(0, oracle.tokens.length)).toEqual(oracle.tokens);
  });

  test('decodes what it encodes, whole and token by token', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
        const ids = tokenizer.encode(text);
        const prefix = tokenizer.vocabulary.kind === 'spm' && text !== '' ? ' ' : '';
        // Control tokens written out in the text are recognised and have no text of their own.
        fc.pre(!/<|▁|\uFFFD/.test(text));
        expect(tokenizer.decode(ids)).toBe(prefix + text);
        const stream = tokenizer.createDetokeniser();
        const parts = [...ids].map((id) => stream.push(id));
        expect(parts.join('') + stream.end()).toBe(prefix + text);
        expect(parts.join('')).not.toContain('\uFFFD');
      }),
      { numRuns: 200 },
    );
  });
});

const characters = [...BYTE_OF_CHARACTER.keys()];
/** A byte-level vocabulary with chat tokens. */
function tiny(extra: Record<string, string>) {
  const tokens = [...characters, 'Ġt', 'he', 'Ġthe', '<s>', '<|im_start|>', '<|im_end|>'];
  const types = Uint32Array.from(tokens, (_, id) => (id >= 259 ? 3 : 1));
  return createModelTokenizer(
    parseGgufHeader(
      writeGguf({
        metadata: {
          'tokenizer.ggml.model': 'gpt2',
          'tokenizer.ggml.tokens': tokens,
          'tokenizer.ggml.token_type': types,
          'tokenizer.ggml.merges': ['Ġ t', 'h e', 'Ġt he'],
          'tokenizer.ggml.bos_token_id': 259,
          'tokenizer.ggml.eos_token_id': 259,
          ...extra,
        },
        tensors: [],
      }),
    ),
  );
}

const CHATML =
  '{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}';

describe('chat and special tokens', () => {
  test('a chat is rendered by the template and its markers become single tokens', () => {
    const tokenizer = tiny({ 'tokenizer.ggml.pre': 'qwen2', 'tokenizer.chat_template': CHATML });
    const ids = [...tokenizer.encodeChat([{ role: 'user', content: 'the' }])];
    expect(ids[0]).toBe(260);
    expect(ids.filter((id) => id === 260)).toHaveLength(2);
    expect(ids.filter((id) => id === 261)).toHaveLength(1);
    expect(tokenizer.decode(ids)).toBe('user\nthe\nassistant\n');
    expect([...tokenizer.endIds].toSorted((a, b) => a - b)).toEqual([259, 261]);
  });

  test('the BOS comes once, whether the template writes it or not', () => {
    const silent = tiny({ 'tokenizer.ggml.pre': 'llama-bpe', 'tokenizer.chat_template': '{{ messages[0].content }}' });
    const written = tiny({
      'tokenizer.ggml.pre': 'llama-bpe',
      'tokenizer.chat_template': '{{ bos_token }}{{ messages[0].content }}',
    });
    const messages = [{ role: 'user', content: 'x' }] as const;
    expect([...silent.encodeChat(messages)]).toEqual([259, 120]);
    expect([...written.encodeChat(messages)]).toEqual([259, 120]);
  });

  test('what cannot be done is named', () => {
    expect(() => tiny({ 'tokenizer.ggml.pre': 'klingon' })).toThrow(
      expect.objectContaining({ code: 'tokenizer-unsupported' }),
    );
    expect(() => tiny({}).encodeChat([])).toThrow(expect.objectContaining({ code: 'no-chat-template' }));
    const refusing = tiny({ 'tokenizer.chat_template': "{{ raise_exception('only users') }}" });
    expect(() => refusing.encodeChat([])).toThrow(expect.objectContaining({ code: 'chat-template-failed' }));
  });

  test.each(['default', 'gpt-2', 'llama-bpe', 'qwen2', 'smollm'])('pre-tokenizer %s loses no character', (pre) => {
    const tokenizer = tiny({ 'tokenizer.ggml.pre': pre });
    for (const text of [" the they'll 12345 + ~~$9\n\n  tabs\t\tend  ", 'Ünïcödé 你好 👩‍👩‍👧 ١٢٣ ', '   ', "I'M"]) {
      expect(tokenizer.decode(tokenizer.encode(text))).toBe(text);
    }
  });
});
