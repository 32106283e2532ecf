import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createModelTokenizer } from '../../../src/engine/tokenizer/model-tokenizer.ts';
import { GgufMetadata, parseGgufHeader } from '../../../src/weights/index.ts';
import { writeGguf } from '../../../src/weights/gguf/write-gguf.ts';
import { corpusRow } from '../corpus/rows.ts';
import { CONFIG } from '../recipe.ts';
import { builtinTokenizerMetadata } from './builtin-tokenizer.ts';
import { trainBpe } from './train-bpe.ts';

const metadata = builtinTokenizerMetadata(1, CONFIG.vocabulary);
const tokenizer = createModelTokenizer(parseGgufHeader(writeGguf({ metadata, tensors: [] })));

test('merges what is most frequent, the first by code points on a tie', () => {
  // By hand: "ab" 40 times, then "abc" 20; "xy" and "yx" never reach 20.
  const texts = [...Array.from({ length: 20 }, () => 'ab'), ...Array.from({ length: 20 }, () => 'abc'), 'xy', 'yx'];
  expect(trainBpe(texts, 'smollm', 300).merges).toEqual(['a b', 'ab c']);
  const tied = Array.from({ length: 25 }, () => ['zz', 'qq']).flat();
  expect(trainBpe(tied, 'smollm', 300).merges).toEqual(['q q', 'z z']);
});

test('the vocabulary has the size asked for, and is the same every time', () => {
  expect(metadata['tokenizer.ggml.tokens']).toHaveLength(CONFIG.vocabulary);
  expect(new Set(metadata['tokenizer.ggml.tokens']).size).toBe(CONFIG.vocabulary);
  expect(builtinTokenizerMetadata(1, CONFIG.vocabulary)).toEqual(metadata);
});

test("the engine's tokenizer makes the learnt merges of them, and gives every text back", () => {
  const [row] = corpusRow(3, 0, 'held-out').messages;
  const text = row?.content ?? '';
  const ids = tokenizer.encode(text);
  expect(tokenizer.decode(ids)).toBe(text);
  expect(ids.length).toBeLessThan(text.length / 2.5);
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 60 }), (any) => {
      fc.pre(!any.includes('<|'));
      expect(tokenizer.decode(tokenizer.encode(any))).toBe(any);
    }),
  );
});

test('a chat is markers and contents, begins with one BOS, and ends where the answer begins', () => {
  const ids = tokenizer.encodeChat([
    { role: 'system', content: 'Facts' },
    { role: 'user', content: ' hi ' },
  ]);
  const tokens = Array.from(ids, (id) => metadata['tokenizer.ggml.tokens'][id]);
  expect(tokens.join('')).toBe('<|start|><|system|>Facts<|end|><|user|>hi<|end|><|assistant|>');
  expect(tokenizer.endIds).toEqual(new Set([metadata['tokenizer.ggml.eos_token_id']]));
});

test('its metadata is read back as it was written', () => {
  const header = new GgufMetadata(parseGgufHeader(writeGguf({ metadata, tensors: [] })).metadata.entries);
  expect(header.texts('tokenizer.ggml.merges')).toEqual(metadata['tokenizer.ggml.merges']);
  expect(header.numbers('tokenizer.ggml.token_type')).toEqual(metadata['tokenizer.ggml.token_type']);
});
