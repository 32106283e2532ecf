import { dynamicMap } from '../model/dynamic-map.ts';

/** Numbers that share a scale. */
export const NF4_BLOCK = 64;
/** Scales that share one once more. */
export const DOUBLE_BLOCK = 256;

/**
 * The 16 levels: quantiles of the normal distribution, 8 above 0 and 7 below, over their largest. As bitsandbytes has them.
 *
 * Source: Dettmers et al. 2023 (QLoRA), section 3.
 */
export const NF4_LEVELS: readonly number[] = [
  -1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453, -0.28444138169288635, -0.18477343022823334,
  -0.09105003625154495, 0, 0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
  0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1,
];

/** Halfway between neighbouring levels, in f32. */
export const NF4_THRESHOLDS: readonly number[] = NF4_LEVELS.slice(1).map((level, i) =>
  Math.fround((level + (NF4_LEVELS[i] ?? 0)) / 2),
);

/** Scales in 8 bits: `book[codes[i]] · absmax[i / 256] + offset`, the book being the signed dynamic map. */
export interface DoubleQuantised {
  readonly codes: Uint8Array<ArrayBuffer>;
  readonly absmax: Float32Array<ArrayBuffer>;
  /** Mean of the scales. */
  readonly offset: number;
}

/** Quantises scales once more, around their mean. */
export function doubleQuantise(scales: Float32Array): DoubleQuantised {
  const offset = Math.fround(scales.reduce((sum, scale) => sum + scale, 0) / Math.max(1, scales.length));
  const absmax = new Float32Array(Math.ceil(scales.length / DOUBLE_BLOCK));
  const codes = new Uint8Array(scales.length);
  const book = dynamicMap(true);
  for (let block = 0; block < absmax.length; block++) {
    const part = scales.subarray(block * DOUBLE_BLOCK, (block + 1) * DOUBLE_BLOCK);
    const top = part.reduce((most, scale) => Math.max(most, Math.abs(Math.fround(scale - offset))), 0);
    absmax[block] = top;
    part.forEach((scale, i) => {
      codes[block * DOUBLE_BLOCK + i] = nearest(book, Math.fround(scale - offset) / Math.max(top, 1e-37));
    });
  }
  return { codes, absmax, offset };
}

/** The code whose value is nearest. */
function nearest(book: Float32Array, value: number): number {
  let low = 0;
  let high = book.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((book[middle] ?? 0) <= value) low = middle;
    else high = middle;
  }
  return (book[high] ?? 0) - value < value - (book[low] ?? 0) ? high : low;
}

/** Words before the codes: the book, the offset, where `absmax` begins, two unused. */
const HEADER_WORDS = 260;

/** Where the parts of a matrix in NF4 lie in its buffer, in words. */
export function nf4Places(numbers: number) {
  const blocks = Math.ceil(numbers / NF4_BLOCK);
  const codes = HEADER_WORDS;
  const scaleCodes = codes + (blocks * NF4_BLOCK) / 8;
  const absmax = scaleCodes + Math.ceil(blocks / 4);
  return { blocks, codes, scaleCodes, absmax, end: absmax + Math.ceil(blocks / DOUBLE_BLOCK) };
}

/** The words before the codes. */
export function nf4Header(offset: number, absmaxAt: number): Uint32Array<ArrayBuffer> {
  const header = new Uint32Array(HEADER_WORDS);
  new Float32Array(header.buffer).set([...dynamicMap(true), offset]);
  header[dynamicMap(true).length + 1] = absmaxAt;
  return header;
}
