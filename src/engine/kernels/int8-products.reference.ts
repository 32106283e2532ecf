import { roundToEven, stepReference } from '../model/kv-type.reference.ts';
import { BLOCK_INPUTS, BLOCK_WORDS } from './int8-products.ts';

/** Inputs of a block as int8 products see them: code · step. */
interface RoundedBlock {
  readonly step: number;
  readonly codes: readonly number[];
}

/** Each 32 inputs with a step of their own, a 127th of the greatest. */
export function blocksReference(x: ArrayLike<number>): RoundedBlock[] {
  const numbers = Array.from(x);
  return Array.from({ length: numbers.length / BLOCK_INPUTS }, (_, i) => {
    const block = numbers.slice(i * BLOCK_INPUTS, (i + 1) * BLOCK_INPUTS);
    const step = stepReference(block);
    return { step, codes: block.map((v) => Math.max(-127, Math.min(127, roundToEven(Math.fround(v / step))))) };
  });
}

/** x after its rounding. */
export function roundedReference(x: ArrayLike<number>): Float64Array {
  return Float64Array.from(blocksReference(x).flatMap(({ step, codes }) => codes.map((code) => step * code)));
}

/** (rows, K) → (groups, K / 32, `BLOCK_WORDS`, columns), with room for whole pairs of groups. */
export function groupCodes(rows: readonly ArrayLike<number>[], columns: number): Uint32Array<ArrayBuffer> {
  const blocks = (rows[0]?.length ?? 0) / BLOCK_INPUTS;
  const out = new Uint32Array(Math.ceil(rows.length / (2 * columns)) * 2 * columns * blocks * BLOCK_WORDS);
  for (const [m, row] of rows.entries()) {
    for (const [i, { step, codes }] of blocksReference(row).entries()) {
      const words = new Uint32Array(BLOCK_WORDS);
      new Int8Array(words.buffer).set(codes);
      new Float32Array(words.buffer)[8] = step;
      new Int32Array(words.buffer)[9] = codes.reduce((sum, code) => sum + code, 0);
      const at = (Math.floor(m / columns) * blocks + i) * BLOCK_WORDS;
      for (const [j, word] of words.entries()) out[(at + j) * columns + (m % columns)] = word;
    }
  }
  return out;
}
