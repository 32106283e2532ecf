import { halfToNumber } from '../../base/half.ts';
import { WeightsError } from '../errors.ts';

/** A tensor's place in a file, safetensors or GGUF: the names of the types are the same. */
export interface PlacedTensor {
  readonly name: string;
  readonly type: string;
  /** First byte, counted from the start of the file. */
  readonly start: number;
  readonly sizeBytes: number;
}

/**
 * The numbers of a tensor of F32, F16, BF16 or F64 as single precision.
 *
 * @param bytes the whole file
 * @throws {WeightsError} `tensor-unreadable` if the file ends within the tensor, or it is of another type
 */
export function readFloats(
  bytes: Uint8Array,
  { name, type, start, sizeBytes }: PlacedTensor,
): Float32Array<ArrayBuffer> {
  const fail = (reason: string) =>
    new WeightsError('tensor-unreadable', `tensor ${name.slice(0, 100)} ${reason}; fetch the file again`, { name });
  if (start + sizeBytes > bytes.byteLength) throw fail(`ends beyond the file's ${bytes.byteLength} bytes`);
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, sizeBytes);
  switch (type) {
    case 'F32':
      return Float32Array.from({ length: sizeBytes / 4 }, (_, i) => view.getFloat32(4 * i, true));
    case 'F16':
      return Float32Array.from({ length: sizeBytes / 2 }, (_, i) => halfToNumber(view.getUint16(2 * i, true)));
    case 'BF16': {
      // The upper half of single precision.
      const words = Uint32Array.from({ length: sizeBytes / 2 }, (_, i) => view.getUint16(2 * i, true) << 16);
      return new Float32Array(words.buffer);
    }
    case 'F64':
      return Float32Array.from({ length: sizeBytes / 8 }, (_, i) => view.getFloat64(8 * i, true));
    default:
      throw fail(`is of ${type}, numbers with a fraction expected`);
  }
}
