import { BYTE_OF_CHARACTER } from '../../../src/engine/tokenizer/byte-alphabet.ts';
import { PRE_TOKENIZERS } from '../../../src/engine/tokenizer/pre-tokenizers.ts';

/** A byte-level BPE vocabulary in the form of `tokenizer.ggml.*`. */
export interface BpeVocabulary {
  /** The 256 bytes, then one token a merge, in order. */
  readonly tokens: readonly string[];
  /** "a b", the earlier the stronger. */
  readonly merges: readonly string[];
}

/** A merge that is rarer than this in the whole text would be learnt from too few places. */
const MIN_PAIR_COUNT = 20;

/**
 * Learns byte-level BPE merges (Sennrich et al. 2016, arXiv 1508.07909; bytes as in GPT-2). The same texts give the same
 * vocabulary: of pairs of equal count the one that is first by code points is merged.
 *
 * @param preTokenizer a name of `tokenizer.ggml.pre`: no merge crosses the words that it cuts
 * @param size tokens, the 256 bytes included; fewer come out where pairs become rare
 */
export function trainBpe(
  texts: Iterable<string>,
  preTokenizer: keyof typeof PRE_TOKENIZERS,
  size: number,
): BpeVocabulary {
  const words = countWords(texts, PRE_TOKENIZERS[preTokenizer]?.patterns ?? []);
  const tokens = [...BYTE_OF_CHARACTER.keys()];
  const merges: string[] = [];
  while (tokens.length < size) {
    const pair = mostFrequentPair(words, tokens);
    if (!pair) break;
    const [left = '', right = ''] = pair.map((id) => tokens[id]);
    merges.push(`${left} ${right}`);
    tokens.push(left + right);
    for (const word of words) mergeInto(word.parts, ...pair, tokens.length - 1);
  }
  return { tokens, merges };
}

interface CountedWord {
  /** Token ids. */
  readonly parts: number[];
  readonly count: number;
}

function countWords(texts: Iterable<string>, patterns: readonly string[]): CountedWord[] {
  const regexes = patterns.map((pattern) => new RegExp(pattern, 'gu'));
  const counts = new Map<string, number>();
  for (const text of texts) {
    const pieces = regexes.reduce((pieces, regex) => pieces.flatMap((piece) => isolate(piece, regex)), [text]);
    for (const piece of pieces) counts.set(piece, (counts.get(piece) ?? 0) + 1);
  }
  const encoder = new TextEncoder();
  return [...counts].map(([word, count]) => ({
    parts: Array.from(encoder.encode(word)),
    count,
  }));
}

/** Cuts a text into the matches and what lies between them. */
function isolate(text: string, regex: RegExp): string[] {
  const pieces: string[] = [];
  let at = 0;
  for (const match of text.matchAll(regex)) {
    if (match.index > at) pieces.push(text.slice(at, match.index));
    if (match[0] !== '') pieces.push(match[0]);
    at = match.index + match[0].length;
  }
  if (at < text.length) pieces.push(text.slice(at));
  return pieces;
}

/** Ids of a pair as one number. */
const PAIR_BASE = 2 ** 20;

function mostFrequentPair(words: readonly CountedWord[], tokens: readonly string[]): [number, number] | undefined {
  const counts = new Map<number, number>();
  for (const { parts, count } of words) {
    for (let i = 1; i < parts.length; i++) {
      const pair = (parts[i - 1] ?? 0) * PAIR_BASE + (parts[i] ?? 0);
      counts.set(pair, (counts.get(pair) ?? 0) + count);
    }
  }
  let best: number | undefined;
  let most = MIN_PAIR_COUNT;
  const text = (pair: number) => `${tokens[Math.floor(pair / PAIR_BASE)]} ${tokens[pair % PAIR_BASE]}`;
  for (const [pair, count] of counts) {
    if (count > most || (count === most && (best === undefined || text(pair) < text(best))))
      [best, most] = [pair, count];
  }
  return best === undefined ? undefined : [Math.floor(best / PAIR_BASE), best % PAIR_BASE];
}

function mergeInto(parts: number[], left: number, right: number, merged: number): void {
  let to = 0;
  for (let from = 0; from < parts.length; from++, to++) {
    const isPair = parts[from] === left && parts[from + 1] === right;
    parts[to] = isPair ? merged : (parts[from] ?? 0);
    if (isPair) from += 1;
  }
  parts.length = to;
}
