import type { Bytes } from '../../base/bytes.ts';
import { halfBits } from '../../base/half.ts';
import { WeightsError } from '../errors.ts';
import { TENSOR_TYPES } from './tensor-type.ts';

const { blockElements, blockBytes } = TENSOR_TYPES.Q8_0;

/**
 * Numbers as Q8_0 blocks, bit for bit as ggml's `quantize_row_q8_0_ref`: scale = largest magnitude / 127 in f32 (stored
 * as f16), codes = value · (1 / scale) rounded half away from zero.
 *
 * @param values whole blocks of 32
 * @throws {WeightsError} `gguf-tensor-shape` for another length or a number that is not finite
 */
export function quantiseQ8_0(values: Float32Array): Bytes {
  if (values.length % blockElements !== 0 || !values.every(Number.isFinite)) {
    throw new WeightsError('gguf-tensor-shape', `${values.length} numbers are no whole Q8_0 blocks of finite numbers`, {
      value: values.length,
      limit: blockElements,
    });
  }
  const out = new Uint8Array((values.length / blockElements) * blockBytes);
  const view = new DataView(out.buffer);
  for (let first = 0, at = 0; first < values.length; first += blockElements, at += blockBytes) {
    const block = values.subarray(first, first + blockElements);
    const top = block.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    const scale = Math.fround(top / 127);
    const inverse = scale === 0 ? 0 : Math.fround(1 / scale);
    view.setUint16(at, halfBits(scale), true);
    for (const [i, value] of block.entries()) view.setInt8(at + 2 + i, roundAway(Math.fround(value * inverse)));
  }
  return out;
}

/** C's `roundf`; `Math.round` takes −2.5 to −2. */
function roundAway(value: number): number {
  return Math.sign(value) * Math.round(Math.abs(value));
}
