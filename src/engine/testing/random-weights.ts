import type { Bytes } from '../../base/bytes.ts';
import type { Random } from '../../base/random.ts';
import { tensorBytes, TENSOR_TYPES, type TensorType } from '../../weights/index.ts';

/** Where a block's half-precision numbers are; all other bytes may be anything. */
const HALVES_AT: Partial<Record<TensorType, readonly number[]>> = {
  F16: [0],
  Q8_0: [0],
  Q4_0: [0],
  Q4_1: [0, 2],
  Q5_0: [0],
  Q5_1: [0, 2],
  Q4_K: [0, 2],
  Q5_K: [0, 2],
  Q6_K: [208],
};

/** Random rows of a tensor type as a file holds them; one scale in eight is subnormal, as small weights make them. */
export function randomRows(type: TensorType, rows: number, k: number, random: Random): Bytes {
  const bytes = new Uint8Array(rows * tensorBytes(type, k));
  const view = new DataView(bytes.buffer);
  const { blockBytes } = TENSOR_TYPES[type];
  for (let i = 0; i < bytes.length; i++) bytes[i] = random.below(256);
  for (let block = 0; block < bytes.length; block += blockBytes) {
    for (const at of HALVES_AT[type] ?? []) view.setUint16(block + at, randomHalf(random), true);
    if (type === 'F32') view.setFloat32(block, random.uniform() - 0.5, true);
    if (type === 'BF16')
      view.setUint16(block, (random.below(2) << 15) | ((118 + random.below(8)) << 7) | random.below(128), true);
  }
  return bytes;
}

function randomHalf(random: Random): number {
  const exponent = random.below(8) === 0 ? 0 : 3 + random.below(8);
  return (random.below(2) << 15) | (exponent << 10) | random.below(1024);
}
