/**
 * EBNF of the decimal numerals of all integers from `low` to `high`, without leading zeros beyond `width` digits.
 *
 * @param width numerals are padded with zeros to at least this many digits
 * @param digits writes the numeral of digit classes, e.g. to put a decimal point into it
 */
export function integerRange(
  low: bigint,
  high: bigint,
  width = 1,
  digits: (classes: readonly string[]) => string = (classes) => classes.join(' '),
): string {
  const parts: string[] = [];
  if (low < 0n) {
    const least = high < 0n ? -high : 1n;
    parts.push(...naturalRange(least, -low, width).map((classes) => `"-" ${digits(classes)}`));
  }
  if (high >= 0n) parts.push(...naturalRange(low > 0n ? low : 0n, high, width).map((classes) => digits(classes)));
  return `(${parts.join(' | ')})`;
}

/** Numerals of low to high as lists of digit classes. */
function naturalRange(low: bigint, high: bigint, width: number): string[][] {
  const out: string[][] = [];
  for (let from = low; from <= high;) {
    const size = Math.max(width, from.toString().length);
    const last = 10n ** BigInt(size) - 1n;
    const to = high < last ? high : last;
    out.push(...sameWidth(from.toString().padStart(size, '0'), to.toString().padStart(size, '0')));
    from = to + 1n;
  }
  return out;
}

/** Numerals of one width from `low` to `high`. */
function sameWidth(low: string, high: string): string[][] {
  if (low === '') return [[]];
  const first = Number(low[0]);
  const last = Number(high[0]);
  const rest = low.length - 1;
  const any = Array.from({ length: rest }, () => '[0-9]');
  const isWhole = low.slice(1) === '0'.repeat(rest) && high.slice(1) === '9'.repeat(rest);
  if (isWhole) return [[digitClass(first, last), ...any]];
  const under = (digit: number, from: string, to: string) =>
    sameWidth(from, to).map((classes) => [digitClass(digit, digit), ...classes]);
  if (first === last) return under(first, low.slice(1), high.slice(1));
  const between = first + 1 <= last - 1 ? [[digitClass(first + 1, last - 1), ...any]] : [];
  return [...under(first, low.slice(1), '9'.repeat(rest)), ...between, ...under(last, '0'.repeat(rest), high.slice(1))];
}

function digitClass(first: number, last: number): string {
  return first === last ? `[${first}]` : `[${first}-${last}]`;
}
