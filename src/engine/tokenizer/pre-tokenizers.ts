/** How text is cut into words before BPE: patterns applied one after the other, each piece cut further by the next. */
export interface PreTokenizer {
  readonly patterns: readonly string[];
  /** A word that is a token by itself is taken whole, without merges. */
  readonly ignoresMerges: boolean;
  /** Whether a BOS comes first where the file does not say. */
  readonly addsBos: boolean;
}

const CONTRACTIONS = "'s|'t|'re|'ve|'m|'ll|'d";
const GPT2 = `${CONTRACTIONS}| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+`;
const wordsWithDigits = (digits: string) =>
  `(?i:${CONTRACTIONS})|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;

const plain = (...patterns: string[]): PreTokenizer => ({ patterns, ignoresMerges: false, addsBos: false });

/** `tokenizer.ggml.pre` → cutting, as llama.cpp's `llm_tokenizer_bpe` has it for each name. */
export const PRE_TOKENIZERS: Readonly<Record<string, PreTokenizer>> = {
  default: plain('[\\p{P}\\$\\+<=>\\^~\\|]+', GPT2, '\\p{N}+', '[0-9][0-9][0-9]'),
  'gpt-2': plain(GPT2),
  'llama-bpe': { patterns: [wordsWithDigits('\\p{N}{1,3}')], ignoresMerges: true, addsBos: true },
  qwen2: plain(wordsWithDigits('\\p{N}')),
  smollm: plain('\\p{N}', GPT2),
};
