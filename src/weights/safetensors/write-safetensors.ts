import { concatBytes, type Bytes } from '../../base/bytes.ts';
import { LENGTH_BYTES, METADATA_KEY, SAFETENSORS_TYPES, type SafetensorsTensor } from './safetensors.ts';

export interface SafetensorsWriteTensor extends Pick<SafetensorsTensor, 'name' | 'type' | 'shape'> {
  /** Little-endian, row after row. */
  readonly bytes: Uint8Array;
}

/**
 * A safetensors file as its own library writes it: wide types first, then by name; the header padded with spaces to 8
 * bytes.
 */
export function writeSafetensors(
  tensors: readonly SafetensorsWriteTensor[],
  metadata: Readonly<Record<string, string>> = {},
): Bytes {
  const ordered = tensors.toSorted(
    (a, b) => SAFETENSORS_TYPES[b.type] - SAFETENSORS_TYPES[a.type] || (a.name < b.name ? -1 : 1),
  );
  let end = 0;
  const entries = ordered.map(({ name, type, shape, bytes }) => {
    const start = end;
    end += bytes.byteLength;
    return [name, { dtype: type, shape, data_offsets: [start, end] }] as const;
  });
  const hasMetadata = Object.keys(metadata).length > 0;
  const json = JSON.stringify(Object.fromEntries([...(hasMetadata ? [[METADATA_KEY, metadata]] : []), ...entries]));
  const text = new TextEncoder().encode(json);
  const header = new Uint8Array(Math.ceil(text.byteLength / 8) * 8).fill(0x20);
  header.set(text);
  const length = new DataView(new ArrayBuffer(LENGTH_BYTES));
  length.setBigUint64(0, BigInt(header.byteLength), true);
  return concatBytes([new Uint8Array(length.buffer), header, ...ordered.map(({ bytes }) => bytes)]);
}
