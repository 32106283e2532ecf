import { present } from '../../base/invariant.ts';
import { TENSOR_TYPES, type TensorType } from '../../weights/index.ts';
import { halfToNumber } from '../../base/half.ts';

/**
 * The oracle of the weight libraries: numbers of a GGUF tensor, exactly as the format defines them, in f64.
 *
 * @param bytes whole blocks as they lie in the file
 * @see https://github.com/ggml-org/ggml/blob/master/src/ggml-quants.c `dequantize_row_*`
 */
export function dequantise(type: TensorType, bytes: Uint8Array): Float64Array {
  const { blockElements, blockBytes } = TENSOR_TYPES[type];
  const blocks = bytes.byteLength / blockBytes;
  const out = new Float64Array(blocks * blockElements);
  for (let b = 0; b < blocks; b++) {
    const block = new Block(bytes.subarray(b * blockBytes, (b + 1) * blockBytes));
    for (let i = 0; i < blockElements; i++) out[b * blockElements + i] = WEIGHT[type](block, i);
  }
  return out;
}

/** One block's bytes with the readers that the formats share. */
class Block {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u8(at: number): number {
    return present(this.#bytes[at], 'byte of a block');
  }

  i8(at: number): number {
    return (this.u8(at) << 24) >> 24;
  }

  half(at: number): number {
    return halfToNumber(this.#view.getUint16(at, true));
  }

  f32(at: number): number {
    return this.#view.getFloat32(at, true);
  }

  bit(at: number, index: number): number {
    return (this.u8(at + (index >> 3)) >> (index & 7)) & 1;
  }

  /** Code i of 32 in 16 bytes: the low nibbles first, then the high ones. */
  nibble(at: number, i: number): number {
    const byte = this.u8(at + (i & 15));
    return i < 16 ? byte & 15 : byte >> 4;
  }

  /** 6-bit scale and minimum of run g of 8, packed in 12 bytes. */
  scaleMin(at: number, g: number): [number, number] {
    if (g < 4) return [this.u8(at + g) & 63, this.u8(at + g + 4) & 63];
    const low = this.u8(at + g + 4);
    return [(low & 15) | ((this.u8(at + g - 4) >> 6) << 4), (low >> 4) | ((this.u8(at + g) >> 6) << 4)];
  }
}

const WEIGHT: Readonly<Record<TensorType, (block: Block, i: number) => number>> = {
  F32: (b) => b.f32(0),
  F16: (b) => b.half(0),
  BF16: (b) => new DataView(Uint8Array.of(0, 0, b.u8(0), b.u8(1)).buffer).getFloat32(0, true),
  Q8_0: (b, i) => b.half(0) * b.i8(2 + i),
  Q4_0: (b, i) => b.half(0) * (b.nibble(2, i) - 8),
  Q4_1: (b, i) => b.half(0) * b.nibble(4, i) + b.half(2),
  Q5_0: (b, i) => b.half(0) * ((b.nibble(6, i) | (b.bit(2, i) << 4)) - 16),
  Q5_1: (b, i) => b.half(0) * (b.nibble(8, i) | (b.bit(4, i) << 4)) + b.half(2),
  Q4_K: (b, i) => kQuant(b, i, 16, () => 0),
  Q5_K: (b, i) => kQuant(b, i, 48, () => ((b.u8(16 + (i & 31)) >> (i >> 5)) & 1) << 4),
  Q6_K: sixBit,
};

function kQuant(b: Block, i: number, codesAt: number, fifthBit: () => number): number {
  const run = i >> 5;
  const byte = b.u8(codesAt + (run >> 1) * 32 + (i & 31));
  const code = (run & 1 ? byte >> 4 : byte & 15) | fifthBit();
  const [scale, min] = b.scaleMin(4, run);
  return b.half(0) * scale * code - b.half(2) * min;
}

function sixBit(b: Block, i: number): number {
  const half = i >> 7;
  const quarter = (i >> 5) & 3;
  const l = i & 31;
  const low = b.u8(half * 64 + (quarter & 1) * 32 + l);
  const high = (b.u8(128 + half * 32 + l) >> (2 * quarter)) & 3;
  const code = (quarter < 2 ? low & 15 : low >> 4) | (high << 4);
  return b.half(208) * b.i8(192 + (i >> 4)) * (code - 32);
}
