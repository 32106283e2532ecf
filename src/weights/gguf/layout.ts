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
 * Tensors follow each other with nothing but padding between them: a gap means that a type or a shape is a lie.
 *
 * @param sizeBytes bytes of the whole file
 * @throws {WeightsError} `gguf-truncated` if the file ends inside its header, `gguf-tensor-offset` if inside a tensor,
 * or if more than padding lies between two
 */
export function layoutGguf(header: GgufHeader, sizeBytes: number): GgufLayout {
  const { headerBytes, alignment } = header;
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
  for (const [i, { name, start }] of tensors.entries()) {
    const before = tensors[i - 1];
    const end = before ? before.start + before.sizeBytes : start;
    const gap = start - end;
    if (gap < alignment) continue;
    throw new WeightsError(
      'gguf-tensor-offset',
      `gguf tensor ${before?.name} leaves ${gap} bytes before ${name}; its type or shape is not what lies there`,
      { name: before?.name ?? name, value: gap, limit: alignment },
    );
  }
  return { headerBytes, sizeBytes, tensors };
}
