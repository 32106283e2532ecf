/** Tokens that are looked up: the longest first, as it is the surer sign. */
const LONGEST = 3;
const SHORTEST = 2;

/**
 * A guess at what follows `tokens`: what followed the last earlier place that ends in the same three, or two, tokens.
 * Source: prompt lookup decoding, Saxena 2023.
 *
 * @returns up to `count` tokens, none if the end is new
 */
export function draftByNgram(tokens: readonly number[], count: number): readonly number[] {
  for (let size = LONGEST; size >= SHORTEST; size--) {
    const end = tokens.length - size;
    for (let at = end - 1; at >= 0; at--) {
      let same = 0;
      while (same < size && tokens[at + same] === tokens[end + same]) same++;
      if (same === size) return tokens.slice(at + size, at + size + count);
    }
  }
  return [];
}
