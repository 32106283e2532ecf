import {
  array,
  boolean,
  looseObject,
  nullish,
  number,
  optional,
  record,
  safeParse,
  string,
  tuple,
  union,
  unknown,
} from 'valibot';
import { WeightsError } from '../errors.ts';
import type { GgufValue } from '../gguf/metadata.ts';
import { unsupported, type ConfigJson } from './config-json.ts';

const tokenizerJson = looseObject({
  model: looseObject({
    type: optional(string()),
    vocab: record(string(), number()),
    merges: array(union([string(), tuple([string(), string()])])),
    byte_fallback: nullish(boolean()),
  }),
  added_tokens: optional(array(looseObject({ id: number(), content: string(), special: boolean() })), []),
  pre_tokenizer: nullish(unknown()),
});
const special = nullish(union([string(), looseObject({ content: string() })]));
const tokenizerConfig = looseObject({
  bos_token: special,
  eos_token: special,
  add_bos_token: nullish(boolean()),
  chat_template: nullish(union([string(), array(looseObject({ name: string(), template: string() }))])),
});

/** `tokenizer.ggml.token_type` of llama.cpp. */
const TYPE = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;
/** As many as a header may hold. */
const MAX_TOKENS = 2 ** 20;
const KEY = 'tokenizer.ggml.';

const CONTRACTIONS = "'s|'t|'re|'ve|'m|'ll|'d";
const wordsWithDigits = (digits: string) =>
  `(?i:${CONTRACTIONS})|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;
/** How a pre-tokenizer splits → the name that GGUF has for it. */
const PRE_TOKENIZERS: Readonly<Record<string, string>> = {
  [wordsWithDigits('\\p{N}{1,3}')]: 'llama-bpe',
  [wordsWithDigits('\\p{N}')]: 'qwen2',
  'digits, words': 'smollm',
  words: 'gpt-2',
};

/**
 * A checkpoint's tokenizer as metadata of GGUF.
 *
 * @param files contents of tokenizer.json, tokenizer_config.json and chat_template.jinja
 * @throws {WeightsError} `checkpoint-invalid`, `checkpoint-unsupported`
 */
export function tokenizerEntries(
  files: { readonly tokenizer: unknown; readonly settings: unknown; readonly template: string | undefined },
  config: ConfigJson,
): Map<string, GgufValue> {
  const parsed = safeParse(tokenizerJson, files.tokenizer);
  const settings = safeParse(tokenizerConfig, files.settings ?? {});
  if (!parsed.success || !settings.success) {
    const name = parsed.success ? 'tokenizer_config.json' : 'tokenizer.json';
    throw new WeightsError('checkpoint-invalid', `${name} is malformed, or of no BPE tokenizer`, { name });
  }
  const { model, added_tokens: added, pre_tokenizer: pre } = parsed.output;
  if (model.type !== undefined && model.type !== 'BPE') throw unsupported('tokenizer', model.type, 'BPE');
  const isSentencePiece = model.byte_fallback === true;
  const table = tokenTable(model.vocab, added, isSentencePiece);
  const idOf = (token: (typeof settings.output)['bos_token']) => {
    const content = typeof token === 'string' ? token : token?.content;
    return content === undefined ? undefined : table.tokens.indexOf(content);
  };
  const eosOfConfig = Array.isArray(config.eos_token_id) ? config.eos_token_id[0] : config.eos_token_id;
  const template = settings.output.chat_template;
  const named = Array.isArray(template) ? template.find(({ name }) => name === 'default')?.template : template;
  const entries: (readonly [string, GgufValue | null | undefined])[] = [
    [`${KEY}model`, isSentencePiece ? 'llama' : 'gpt2'],
    [`${KEY}pre`, isSentencePiece ? undefined : preTokenizerName(pre)],
    [`${KEY}tokens`, table.tokens],
    [`${KEY}token_type`, table.types],
    // SentencePiece numbers its pieces from the best score on.
    [`${KEY}scores`, isSentencePiece ? Float32Array.from(table.tokens, (_, id) => -id) : undefined],
    [`${KEY}merges`, model.merges.map((merge) => (typeof merge === 'string' ? merge : merge.join(' ')))],
    [`${KEY}bos_token_id`, idOf(settings.output.bos_token) ?? config.bos_token_id],
    [`${KEY}eos_token_id`, idOf(settings.output.eos_token) ?? eosOfConfig],
    [`${KEY}add_bos_token`, settings.output.add_bos_token],
    ['tokenizer.chat_template', files.template ?? named],
  ];
  return new Map(
    entries.flatMap(([key, value]) => (value === undefined || value === null || value === -1 ? [] : [[key, value]])),
  );
}

function tokenTable(
  vocab: Readonly<Record<string, number>>,
  added: readonly { readonly id: number; readonly content: string; readonly special: boolean }[],
  isSentencePiece: boolean,
) {
  const pairs = [...Object.entries(vocab), ...added.map(({ id, content }) => [content, id] as const)];
  const size = pairs.reduce((most, [, id]) => Math.max(most, id + 1), 0);
  if (size > MAX_TOKENS || pairs.some(([, id]) => !Number.isInteger(id) || id < 0)) {
    throw new WeightsError('checkpoint-invalid', `tokenizer.json: a token's id is out of range`, {
      name: 'tokenizer.json',
      value: size,
      limit: MAX_TOKENS,
    });
  }
  const tokens = Array.from({ length: size }, (_, id) => `[PAD${id}]`);
  const types = new Int32Array(size).fill(TYPE.unused);
  for (const [token, id] of pairs) {
    tokens[id] = token;
    types[id] = isSentencePiece && /^<0x[0-9A-F]{2}>$/.test(token) ? TYPE.byte : TYPE.normal;
  }
  for (const { id, content, special: isSpecial } of added) {
    types[id] = isSpecial ? TYPE.control : TYPE.userDefined;
    if (content === '<unk>') types[id] = TYPE.unknown;
  }
  return { tokens, types };
}

/** @throws {WeightsError} `checkpoint-unsupported` */
function preTokenizerName(pre: unknown): string {
  const key = splitsOf(pre).join(', ');
  const name = Object.hasOwn(PRE_TOKENIZERS, key) ? PRE_TOKENIZERS[key] : undefined;
  if (name === undefined) throw unsupported('pre_tokenizer', key, Object.values(PRE_TOKENIZERS).join(', '));
  return name;
}

/** What each part of a pre-tokenizer splits at. */
function splitsOf(pre: unknown): string[] {
  if (typeof pre !== 'object' || pre === null) return [];
  const part = pre as Readonly<Record<string, unknown>>;
  const { pattern } = part as { readonly pattern?: { readonly Regex?: unknown } };
  switch (part['type']) {
    case 'Sequence':
      return Array.isArray(part['pretokenizers']) ? part['pretokenizers'].flatMap(splitsOf) : [];
    case 'Split':
      return [String(pattern?.Regex)];
    case 'Digits':
      return [part['individual_digits'] === true ? 'digits' : 'numbers'];
    case 'ByteLevel':
      return part['use_regex'] === false ? [] : ['words'];
    default:
      return [String(part['type'])];
  }
}
