/**
 * How keys and values are kept: as they are, rounded to half precision, or as int8 codes with a step for each head of each
 * position (its greatest number / 127). Arithmetic is f32 in all of them.
 */
export const KV_TYPES = ['f32', 'f16', 'int8'] as const;

export type KvType = (typeof KV_TYPES)[number];

/** Bytes of a key or value of one head at one position. */
export function kvHeadBytes(type: KvType, headSize: number): number {
  if (type === 'int8') return headSize + 4;
  return headSize * (type === 'f16' ? 2 : 4);
}
