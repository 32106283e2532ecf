import { WeightsError } from '../errors.ts';
import type { GgufHeader, GgufTensor } from './header.ts';

/** Where the tensors of a file lie, for cutting it into pieces and for reading it piece by piece. */
export interface GgufLayout {
  /** Bytes before the tensor data section. */
  readonly headerBytes: number;
  /** Bytes of the whole file. */
  readonly sizeBytes: number;
  /** By position in the file; they do not overlap, gaps of padding may lie between them. */
  readonly tensors: readonly GgufTensor[];
}

/**
 * @param sizeBytes bytes of the whole file
 * @throws {WeightsError} `gguf-truncated` if the file ends inside its header, `gguf-tensor-offset` if inside a tensor
 */
export function layoutGguf(header: GgufHeader, sizeBytes: number): GgufLayout {
  const { headerBytes } = header;
  if (sizeBytes < headerBytes) {
    throw new WeightsError('gguf-truncated', `gguf header takes ${headerBytes} bytes, the file has ${sizeBytes}`, {
      value: sizeBytes,
      limit: headerBytes,
    });
  }
  const tensors = header.tensors.toSorted((a, b) => a.start - b.start);
  const last = tensors.at(-1);
  if (last && last.start + last.sizeBytes > sizeBytes) {
    throw new WeightsError(
      'gguf-tensor-offset',
      `gguf tensor ${last.name} ends at ${last.start + last.sizeBytes}, beyond the file's ${sizeBytes} bytes`,
      {
        name: last.name,
        value: last.start + last.sizeBytes,
        limit: sizeBytes,
      },
    );
  }
  return { headerBytes, sizeBytes, tensors };
}
