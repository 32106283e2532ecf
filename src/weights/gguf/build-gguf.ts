import { concatBytes, type Bytes } from '../../base/bytes.ts';

/** What a test puts into a small GGUF file. Numbers become f32, whole numbers u32, lists of texts arrays. */
export interface GgufParts {
  readonly metadata: Readonly<
    Record<string, string | number | boolean | readonly string[] | Uint32Array | Float32Array>
  >;
  readonly tensors: readonly {
    readonly name: string;
    readonly dims: readonly number[];
    readonly typeId: number;
    readonly bytes: Uint8Array;
  }[];
}

const ALIGNMENT = 32;

/** A GGUF v3 file for tests: tensors in the given order, each at the next multiple of 32 bytes. */
export function buildGguf(parts: GgufParts): Bytes {
  const entries = Object.entries(parts.metadata);
  const head: Uint8Array[] = [u32(0x46554747), u32(3), u64(parts.tensors.length), u64(entries.length)];
  for (const [key, value] of entries) head.push(text(key), metadataValue(value));
  const data: Uint8Array[] = [];
  let offset = 0;
  for (const tensor of parts.tensors) {
    head.push(text(tensor.name), u32(tensor.dims.length), ...tensor.dims.map(u64), u32(tensor.typeId), u64(offset));
    const padded = new Uint8Array(alignUp(tensor.bytes.byteLength));
    padded.set(tensor.bytes);
    data.push(padded);
    offset += padded.byteLength;
  }
  const header = concatBytes(head);
  return concatBytes([header, new Uint8Array(alignUp(header.byteLength) - header.byteLength), ...data]);
}

function alignUp(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

function u32(value: number): Bytes {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

function u64(value: number): Bytes {
  return new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);
}

function text(value: string): Bytes {
  const bytes = new TextEncoder().encode(value);
  return concatBytes([u64(bytes.byteLength), bytes]);
}

function metadataValue(value: GgufParts['metadata'][string]): Bytes {
  if (typeof value === 'string') return concatBytes([u32(8), text(value)]);
  if (typeof value === 'boolean') return concatBytes([u32(7), Uint8Array.of(value ? 1 : 0)]);
  if (typeof value === 'number') {
    if (Number.isInteger(value)) return concatBytes([u32(4), u32(value)]);
    return concatBytes([u32(6), new Uint8Array(Float32Array.of(value).buffer)]);
  }
  if (value instanceof Uint32Array || value instanceof Float32Array) {
    const bytes = new Uint8Array(value.buffer as ArrayBuffer, value.byteOffset, value.byteLength);
    return concatBytes([u32(9), u32(value instanceof Uint32Array ? 4 : 6), u64(value.length), bytes]);
  }
  return concatBytes([u32(9), u32(8), u64(value.length), ...value.map(text)]);
}
