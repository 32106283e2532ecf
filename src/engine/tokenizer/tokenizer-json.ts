import type { GgufMetadata } from '../../weights/index.ts';
import { EngineError } from '../errors.ts';
import { PRE_TOKENIZERS } from './pre-tokenizers.ts';

/** `tokenizer.ggml.token_type` of llama.cpp. */
export const TOKEN_TYPE = { normal: 1, unknown: 2, control: 3, userDefined: 4, unused: 5, byte: 6 } as const;

/** A vocabulary as GGUF holds it. */
export interface Vocabulary {
  /** `spm`: SentencePiece BPE by scores. `bpe`: byte-level BPE by merges. */
  readonly kind: 'spm' | 'bpe';
  readonly tokens: readonly string[];
  readonly types: ArrayLike<number>;
  readonly addsBos: boolean;
  readonly addsEos: boolean;
  readonly bosId: number | undefined;
  readonly eosId: number | undefined;
  /** SentencePiece only: a space is put before the text. */
  readonly addsSpacePrefix: boolean;
}

const KEY = 'tokenizer.ggml.';

/** @throws {EngineError} `tokenizer-unsupported`; {WeightsError} `gguf-metadata-missing` */
export function readVocabulary(metadata: GgufMetadata): Vocabulary {
  const model = metadata.requireText(`${KEY}model`);
  if (model !== 'llama' && model !== 'gpt2') {
    throw new EngineError(
      'tokenizer-unsupported',
      `tokenizer ${model.slice(0, 40)} is not supported, llama or gpt2 expected`,
    );
  }
  const kind = model === 'llama' ? 'spm' : 'bpe';
  const tokens = metadata.requireTexts(`${KEY}tokens`);
  return {
    kind,
    tokens,
    types: metadata.numbers(`${KEY}token_type`) ?? new Uint8Array(tokens.length).fill(TOKEN_TYPE.normal),
    addsBos: metadata.flag(`${KEY}add_bos_token`) ?? (kind === 'spm' || preTokenizerOf(metadata).addsBos),
    addsEos: metadata.flag(`${KEY}add_eos_token`) ?? false,
    bosId: metadata.number(`${KEY}bos_token_id`),
    eosId: metadata.number(`${KEY}eos_token_id`),
    addsSpacePrefix: metadata.flag(`${KEY}add_space_prefix`) ?? true,
  };
}

/** The form that `@huggingface/tokenizers` takes. @throws {EngineError} `tokenizer-unsupported` */
export function buildTokenizerJson(metadata: GgufMetadata, vocabulary: Vocabulary): object {
  const vocab = Object.fromEntries(vocabulary.tokens.map((token, id) => [token, id]));
  const special = { single_word: false, lstrip: false, rstrip: false, normalized: false };
  const { control, userDefined, unknown } = TOKEN_TYPE;
  const added_tokens = vocabulary.tokens.flatMap((content, id) => {
    const type = vocabulary.types[id];
    const isSpecial = type === control || type === unknown;
    return content !== '' && (isSpecial || type === userDefined)
      ? [{ id, content, special: isSpecial, ...special }]
      : [];
  });
  const parts = vocabulary.kind === 'spm' ? spmParts(metadata, vocabulary) : bpeParts(metadata);
  const model = { type: 'BPE', vocab, continuing_subword_prefix: null, end_of_word_suffix: null, ...parts.model };
  return { version: '1.0', added_tokens, post_processor: null, decoder: null, ...parts, model };
}

function preTokenizerOf(metadata: GgufMetadata) {
  const name = metadata.text(`${KEY}pre`) ?? 'default';
  const known = Object.hasOwn(PRE_TOKENIZERS, name) ? PRE_TOKENIZERS[name] : undefined;
  if (!known)
    throw new EngineError(
      'tokenizer-unsupported',
      `pre-tokenizer ${name.slice(0, 40)} is not supported, one of ${Object.keys(PRE_TOKENIZERS).join(', ')} expected`,
    );
  return known;
}

function bpeParts(metadata: GgufMetadata) {
  const { patterns, ignoresMerges } = preTokenizerOf(metadata);
  const splits = patterns.map((Regex) => ({ type: 'Split', pattern: { Regex }, behavior: 'Isolated', invert: false }));
  const bytes = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false };
  return {
    normalizer: null,
    pre_tokenizer: { type: 'Sequence', pretokenizers: [...splits, bytes] },
    model: { merges: metadata.requireTexts(`${KEY}merges`).map(splitMerge), ignore_merges: ignoresMerges },
  };
}

/** "a b" → [a, b]; the first half may itself begin with a space. */
function splitMerge(merge: string): [string, string] {
  const at = merge.indexOf(' ', 1);
  return [merge.slice(0, at), merge.slice(at + 1)];
}

function spmParts(metadata: GgufMetadata, vocabulary: Vocabulary) {
  const scores = metadata.numbers(`${KEY}scores`) ?? new Float32Array(vocabulary.tokens.length);
  const unknown = vocabulary.tokens[metadata.number(`${KEY}unknown_token_id`) ?? 0];
  const spaces = { type: 'Replace', pattern: { String: ' ' }, content: '▁' };
  return {
    normalizer: {
      type: 'Sequence',
      normalizers: vocabulary.addsSpacePrefix ? [{ type: 'Prepend', prepend: '▁' }, spaces] : [spaces],
    },
    pre_tokenizer: null,
    model: {
      merges: mergesOfScores(vocabulary.tokens, scores),
      byte_fallback: true,
      unk_token: unknown,
      fuse_unk: false,
    },
  };
}

/**
 * SentencePiece's BPE joins the neighbours whose joined piece has the best score. As ranked merges: every way to cut a
 * piece into two pieces of the vocabulary, by the score of the whole, best first.
 */
function mergesOfScores(tokens: readonly string[], scores: ArrayLike<number>): [string, string][] {
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const ranked: { readonly pair: [string, string]; readonly score: number; readonly order: number }[] = [];
  for (const [token, id] of ids) {
    const characters = Array.from(token);
    for (let cut = 1; cut < characters.length; cut++) {
      const pair: [string, string] = [characters.slice(0, cut).join(''), characters.slice(cut).join('')];
      if (ids.has(pair[0]) && ids.has(pair[1])) ranked.push({ pair, score: scores[id] ?? 0, order: ranked.length });
    }
  }
  ranked.sort((a, b) => b.score - a.score || a.order - b.order);
  return ranked.map(({ pair }) => pair);
}
