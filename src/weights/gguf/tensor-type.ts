/** How a tensor's numbers are stored: ids, elements and bytes of a block as in ggml's `ggml_type` and `type_traits`. */
export interface TensorTypeInfo {
  /** Number in the file. */
  readonly id: number;
  /** Elements that share a block; rows are whole blocks. */
  readonly blockElements: number;
  readonly blockBytes: number;
}

export const TENSOR_TYPES = {
  F32: { id: 0, blockElements: 1, blockBytes: 4 },
  F16: { id: 1, blockElements: 1, blockBytes: 2 },
  BF16: { id: 30, blockElements: 1, blockBytes: 2 },
  Q8_0: { id: 8, blockElements: 32, blockBytes: 34 },
  Q4_0: { id: 2, blockElements: 32, blockBytes: 18 },
  Q4_1: { id: 3, blockElements: 32, blockBytes: 20 },
  Q5_0: { id: 6, blockElements: 32, blockBytes: 22 },
  Q5_1: { id: 7, blockElements: 32, blockBytes: 24 },
  Q4_K: { id: 12, blockElements: 256, blockBytes: 144 },
  Q5_K: { id: 13, blockElements: 256, blockBytes: 176 },
  Q6_K: { id: 14, blockElements: 256, blockBytes: 210 },
} as const satisfies Record<string, TensorTypeInfo>;

export type TensorType = keyof typeof TENSOR_TYPES;

const TYPE_BY_ID = new Map(Object.entries(TENSOR_TYPES).map(([name, info]) => [info.id, name as TensorType]));

/** The type with this number, or undefined where this build does not compute with it. */
export function tensorTypeById(id: number): TensorType | undefined {
  return TYPE_BY_ID.get(id as 0);
}

/** Bytes of `elements` numbers; `elements` must be whole blocks. */
export function tensorBytes(type: TensorType, elements: number): number {
  const { blockElements, blockBytes } = TENSOR_TYPES[type];
  return (elements / blockElements) * blockBytes;
}
