const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);

/** The greatest finite one, 2^127 · (2 - 2^-7). */
export const LARGEST_BFLOAT16 = 2 ** 127 * (2 - 2 ** -7);

/** The nearest bfloat16 of a number, as bits; ties go to the even one. It is the high half of a single-precision number. */
export function bfloat16Bits(value: number): number {
  single[0] = value;
  const word = singleBits[0] ?? 0;
  if ((word & 0x7fffffff) > 0x7f800000) return (word >>> 16) | 0x40;
  return (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
}

/** bfloat16 bits as a number. */
export function bfloat16ToNumber(bits: number): number {
  singleBits[0] = bits << 16;
  return single[0] ?? 0;
}
