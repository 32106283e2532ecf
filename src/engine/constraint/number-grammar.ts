import { integerRange } from './integer-range.ts';

/** Bounds of a number as JSON Schema gives them. */
export interface NumberBounds {
  readonly minimum?: number | undefined;
  readonly maximum?: number | undefined;
  readonly exclusiveMinimum?: number | undefined;
  readonly exclusiveMaximum?: number | undefined;
}

/** Numbers end: integers of at most 15 digits, which a double holds exactly. */
const MOST = 10n ** 15n - 1n;
/** Decimals of a bounded number that is no integer, at least. */
const MIN_DECIMALS = 2;
const MAX_DECIMALS = 9;

/** The least and greatest multiple of 10^−decimals within the bounds. */
interface Range {
  readonly low: bigint;
  readonly high: bigint;
  readonly decimals: number;
}

/** EBNF of the numbers within the bounds; bounded ones that are no integers have a fixed count of decimals. */
export function numberGrammar(bounds: NumberBounds, isInteger: boolean): string {
  const isFree = Object.values(boundsOf(bounds)).every((bound) => bound === undefined);
  if (isFree) return isInteger ? 'json_integer' : 'json_number';
  const { low, high, decimals } = rangeOf(bounds, isInteger);
  if (decimals === 0) return integerRange(low, high);
  return integerRange(low, high, decimals + 1, (classes) =>
    [...classes.slice(0, -decimals), '"."', ...classes.slice(-decimals)].join(' '),
  );
}

/** Whether any number lies within the bounds. */
export function hasNumber(bounds: NumberBounds, isInteger: boolean): boolean {
  const { low, high } = rangeOf(bounds, isInteger);
  return low <= high;
}

function boundsOf({ minimum, maximum, exclusiveMinimum, exclusiveMaximum }: NumberBounds): NumberBounds {
  return { minimum, maximum, exclusiveMinimum, exclusiveMaximum };
}

function rangeOf(all: NumberBounds, isInteger: boolean): Range {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = all;
  const given = [minimum, maximum, exclusiveMinimum, exclusiveMaximum].filter((bound) => bound !== undefined);
  const decimals = isInteger ? 0 : Math.max(MIN_DECIMALS, ...given.map(decimalsOf));
  const least = -MOST * 10n ** BigInt(decimals);
  let low = least;
  let high = -least;
  const atLeast = (bound: bigint) => (low = bound > low ? bound : low);
  const atMost = (bound: bigint) => (high = bound < high ? bound : high);
  if (minimum !== undefined) atLeast(scaled(minimum, decimals, 'up'));
  if (exclusiveMinimum !== undefined) atLeast(scaled(exclusiveMinimum, decimals, 'down') + 1n);
  if (maximum !== undefined) atMost(scaled(maximum, decimals, 'down'));
  if (exclusiveMaximum !== undefined) atMost(scaled(exclusiveMaximum, decimals, 'up') - 1n);
  return { low, high, decimals };
}

/** Decimals of a number's shortest form, as far as they are used. */
function decimalsOf(value: number): number {
  const fixed = value.toFixed(MAX_DECIMALS).replace(/0+$/, '');
  return fixed.length - fixed.indexOf('.') - 1;
}

/** value · 10^decimals, rounded to an integer. */
function scaled(value: number, decimals: number, towards: 'up' | 'down'): bigint {
  const limit = Number(MOST) + 1;
  const held = Math.min(limit, Math.max(-limit, value));
  const nearest = BigInt(held.toFixed(decimals).replace('.', ''));
  const back = Number(held.toFixed(decimals));
  if (towards === 'up') return back < held ? nearest + 1n : nearest;
  return back > held ? nearest - 1n : nearest;
}
