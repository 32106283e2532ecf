import { concatBytes, type Bytes } from '../../base/bytes.ts';
import { WeightsError } from '../errors.ts';
import { MAX_DIMENSIONS } from './limits.ts';
import { TENSOR_TYPES, tensorBytes, type TensorType } from './tensor-type.ts';

/**
 * A value to write. Whole numbers become u32 and others f32; `{ f32 }` says so for a whole number, since readers are
 * strict about the type.
 */
export type GgufWritable =
  | string
  | number
  | boolean
  | { readonly f32: number }
  | readonly string[]
  | Uint32Array
  | Int32Array
  | Float32Array;

export interface GgufWriteTensor {
  readonly name: string;
  /** Fastest-varying first: `[inputs, outputs]` for a matrix of outputs rows. */
  readonly dims: readonly number[];
  readonly type: TensorType;
  /** Whole blocks, row after row. */
  readonly bytes: Uint8Array;
}

/** What goes into a GGUF file, in the order in which it is written. */
export interface GgufParts {
  readonly metadata: Readonly<Record<string, GgufWritable>>;
  readonly tensors: readonly GgufWriteTensor[];
}

const MAGIC = 0x46554747; // "GGUF", little-endian
const VERSION = 3;
const ALIGNMENT = 32;
/** ggml's `GGML_MAX_NAME` less its terminating zero: llama.cpp refuses longer names. */
const MAX_TENSOR_NAME_BYTES = 63;

/**
 * A GGUF v3 file: header, tensors in the given order, each at the next multiple of 32 bytes.
 *
 * @throws {WeightsError} `gguf-tensor-shape`, `gguf-tensor-duplicate`, `gguf-metadata` for what no reader would accept
 * @see https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 */
export function writeGguf(parts: GgufParts): Bytes {
  const entries = Object.entries(parts.metadata);
  const head: Uint8Array[] = [u32(MAGIC), u32(VERSION), u64(parts.tensors.length), u64(entries.length)];
  for (const [key, value] of entries) head.push(text(key), metadataValue(key, value));
  const data: Uint8Array[] = [];
  const names = new Set<string>();
  let offset = 0;
  for (const tensor of parts.tensors) {
    checkTensor(tensor, names);
    const { id } = TENSOR_TYPES[tensor.type];
    head.push(text(tensor.name), u32(tensor.dims.length), ...tensor.dims.map(u64), u32(id), u64(offset));
    const padded = alignUp(tensor.bytes.byteLength);
    data.push(tensor.bytes, new Uint8Array(padded - tensor.bytes.byteLength));
    offset += padded;
  }
  const header = concatBytes(head);
  return concatBytes([header, new Uint8Array(alignUp(header.byteLength) - header.byteLength), ...data]);
}

function checkTensor({ name, dims, type, bytes }: GgufWriteTensor, names: Set<string>): void {
  const elements = dims.reduce((a, b) => a * b, 1);
  const { blockElements } = TENSOR_TYPES[type];
  const isShaped =
    dims.length >= 1 &&
    dims.length <= MAX_DIMENSIONS &&
    dims.every((size) => Number.isSafeInteger(size) && size > 0) &&
    (dims[0] ?? 0) % blockElements === 0;
  if (!isShaped || bytes.byteLength !== tensorBytes(type, elements)) {
    throw new WeightsError(
      'gguf-tensor-shape',
      `gguf tensor ${name} of ${dims.join('×')} as ${type} cannot be of ${bytes.byteLength} bytes`,
      { name, value: bytes.byteLength },
    );
  }
  const nameBytes = new TextEncoder().encode(name).byteLength;
  if (nameBytes > MAX_TENSOR_NAME_BYTES) {
    throw new WeightsError('gguf-metadata', `gguf tensor name ${name} has ${nameBytes} bytes, 63 allowed`, {
      name,
      value: nameBytes,
      limit: MAX_TENSOR_NAME_BYTES,
    });
  }
  if (names.has(name)) throw new WeightsError('gguf-tensor-duplicate', `gguf tensor ${name} is said twice`, { name });
  names.add(name);
}

function alignUp(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

function u32(value: number): Bytes {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

function f32(value: number): Bytes {
  return new Uint8Array(Float32Array.of(value).buffer);
}

function u64(value: number): Bytes {
  return new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);
}

function text(value: string): Bytes {
  const bytes = new TextEncoder().encode(value);
  return concatBytes([u64(bytes.byteLength), bytes]);
}

/** Numbers of `gguf_metadata_value_type`. */
const TYPE = { u32: 4, i32: 5, f32: 6, bool: 7, string: 8, array: 9 } as const;

function metadataValue(key: string, value: GgufWritable): Bytes {
  if (typeof value === 'string') return concatBytes([u32(TYPE.string), text(value)]);
  if (typeof value === 'boolean') return concatBytes([u32(TYPE.bool), Uint8Array.of(value ? 1 : 0)]);
  if (typeof value === 'number')
    return Number.isInteger(value) ? whole(key, value) : concatBytes([u32(TYPE.f32), f32(value)]);
  if ('f32' in value) return concatBytes([u32(TYPE.f32), f32(value.f32)]);
  if (isTexts(value)) return concatBytes([u32(TYPE.array), u32(TYPE.string), u64(value.length), ...value.map(text)]);
  const bytes = new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength);
  const type = value instanceof Float32Array ? TYPE.f32 : value instanceof Int32Array ? TYPE.i32 : TYPE.u32;
  return concatBytes([u32(TYPE.array), u32(type), u64(value.length), bytes]);
}

function isTexts(value: readonly string[] | Uint32Array | Int32Array | Float32Array): value is readonly string[] {
  return Array.isArray(value);
}

function whole(key: string, value: number): Bytes {
  if (value < 0 || value > 0xffffffff)
    throw new WeightsError('gguf-metadata', `gguf metadata ${key} of ${value} is no u32`, { name: key, value });
  return concatBytes([u32(TYPE.u32), u32(value)]);
}
