const single = new Float32Array(1);
const singleBits = new Uint32Array(single.buffer);

/** The nearest IEEE 754 half-precision number of a single-precision one, as bits; ties go to the even one. */
export function halfBits(value: number): number {
  single[0] = value;
  const word = singleBits[0] ?? 0;
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00;
  // From halfway between the largest half and the next power of two on, it is infinite.
  if (magnitude >= 0x477ff000) return sign | 0x7c00;
  // Below the smallest normal half the step is fixed: 2^-24.
  if (magnitude < 0x38800000) return sign | roundToEven(Math.abs(single[0] ?? 0) * 2 ** 24);
  const shifted = magnitude - 0x38000000;
  return sign | ((shifted + 0xfff + ((shifted >>> 13) & 1)) >>> 13);
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return floor + (rest > 0.5 || (rest === 0.5 && floor % 2 === 1) ? 1 : 0);
}

/** IEEE 754 half-precision bits as a number. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 31) return fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
