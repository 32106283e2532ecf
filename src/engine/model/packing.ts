import { TENSOR_TYPES, type TensorType } from '../../weights/index.ts';

/**
 * How a tensor type lies on the GPU. WGSL reads whole words, while some GGUF blocks have 18, 22, 34 or 210 bytes, so
 * those are split on upload into a plane of codes (word-aligned) and behind it a plane of their half-precision scales,
 * each row of scales padded to a word. All other types keep their bytes.
 */
interface Packing {
  readonly codesAt: number;
  readonly codesBytes: number;
  readonly scaleAt: number;
}

const SPLIT_TYPES: Partial<Record<TensorType, Packing>> = {
  Q8_0: { codesAt: 2, codesBytes: 32, scaleAt: 0 },
  Q4_0: { codesAt: 2, codesBytes: 16, scaleAt: 0 },
  Q5_0: { codesAt: 2, codesBytes: 20, scaleAt: 0 },
  Q6_K: { codesAt: 0, codesBytes: 208, scaleAt: 208 },
};

/** Bytes that a row of `k` weights takes on the GPU: codes, and scales in the plane behind them. */
export function packedRow(type: TensorType, k: number): { codesBytes: number; scalesBytes: number } {
  const { blockElements, blockBytes } = TENSOR_TYPES[type];
  const blocks = k / blockElements;
  const packing = SPLIT_TYPES[type];
  if (!packing) return { codesBytes: blocks * blockBytes, scalesBytes: 0 };
  return { codesBytes: blocks * packing.codesBytes, scalesBytes: Math.ceil(blocks / 2) * 4 };
}

/** Rows of a GGUF tensor in GPU form: `codes` and `scales` are written one after the other into their planes. */
export interface PackedRows {
  readonly codes: Uint8Array<ArrayBuffer>;
  readonly scales: Uint8Array<ArrayBuffer>;
}

/** @param bytes whole rows as they lie in the file; not copied where the type keeps its bytes */
export function packRows(type: TensorType, k: number, bytes: Uint8Array<ArrayBuffer>): PackedRows {
  const packing = SPLIT_TYPES[type];
  if (!packing) return { codes: bytes, scales: new Uint8Array(0) };
  const { blockElements, blockBytes } = TENSOR_TYPES[type];
  const blocks = k / blockElements;
  const rows = bytes.byteLength / (blocks * blockBytes);
  const row = packedRow(type, k);
  const codes = new Uint8Array(rows * row.codesBytes);
  const scales = new Uint8Array(rows * row.scalesBytes);
  for (let r = 0; r < rows; r++) {
    for (let b = 0; b < blocks; b++) {
      const from = (r * blocks + b) * blockBytes;
      const codesFrom = from + packing.codesAt;
      codes.set(bytes.subarray(codesFrom, codesFrom + packing.codesBytes), (r * blocks + b) * packing.codesBytes);
      const to = r * row.scalesBytes + 2 * b;
      scales[to] = bytes[from + packing.scaleAt] ?? 0;
      scales[to + 1] = bytes[from + packing.scaleAt + 1] ?? 0;
    }
  }
  return { codes, scales };
}
