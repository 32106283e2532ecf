import { dynamicMap } from '../model/dynamic-map.ts';
import { DOUBLE_BLOCK, doubleQuantise, NF4_BLOCK, NF4_LEVELS, NF4_THRESHOLDS } from './nf4.ts';

/** A matrix in NF4 with double quantisation, as bitsandbytes makes it. */
export interface Nf4Matrix {
  /** One code a number. */
  readonly codes: Uint8Array<ArrayBuffer>;
  readonly absmax: Float32Array<ArrayBuffer>;
}

/** Codes and magnitudes of blocks of 64, in f32 arithmetic. */
export function quantiseNf4(values: Float32Array): Nf4Matrix {
  const blocks = Math.ceil(values.length / NF4_BLOCK);
  const absmax = new Float32Array(blocks);
  const codes = new Uint8Array(blocks * NF4_BLOCK).fill(NF4_LEVELS.indexOf(0));
  for (let block = 0; block < blocks; block++) {
    const part = values.subarray(block * NF4_BLOCK, (block + 1) * NF4_BLOCK);
    const top = part.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    absmax[block] = top;
    const inverse = Math.fround(1 / Math.max(top, 1e-37));
    part.forEach((value, i) => {
      const ratio = Math.fround(value * inverse);
      codes[block * NF4_BLOCK + i] = NF4_THRESHOLDS.filter((threshold) => ratio > threshold).length;
    });
  }
  return { codes, absmax };
}

/** What the codes stand for, with the scales quantised once more, in f64. */
export function dequantiseNf4({ codes, absmax }: Nf4Matrix, length: number): Float64Array {
  const { codes: scaleCodes, absmax: outer, offset } = doubleQuantise(absmax);
  const book = dynamicMap(true);
  return Float64Array.from({ length }, (_, i) => {
    const block = Math.floor(i / NF4_BLOCK);
    const scale = (book[scaleCodes[block] ?? 0] ?? 0) * (outer[Math.floor(block / DOUBLE_BLOCK)] ?? 0) + offset;
    return (NF4_LEVELS[codes[i] ?? 0] ?? 0) * scale;
  });
}
