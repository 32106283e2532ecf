import { MAP_MODE_READ } from '../../gpu/index.ts';

interface Copy {
  readonly source: GPUBuffer;
  /** Bytes. */
  readonly at: number;
  readonly sizeBytes: number;
}

/** A staging buffer that carries results of one submit at a time to the CPU. */
export interface Readback {
  /** Resolves once what was copied last has been read, or could not be. */
  whenFree(): Promise<void>;
  /** Records copies into it, one behind the other. */
  copy(encoder: GPUCommandEncoder, parts: readonly Copy[]): void;
  /** What was copied; call it after the submit. @throws if the device is lost */
  read(): Promise<ArrayBuffer>;
}

export function createReadback(buffer: GPUBuffer): Readback {
  let sizeBytes = 0;
  let reading: Promise<unknown> = Promise.resolve();
  const read = async () => {
    await buffer.mapAsync(MAP_MODE_READ, 0, sizeBytes);
    const copy = buffer.getMappedRange(0, sizeBytes).slice(0);
    buffer.unmap();
    return copy;
  };
  return {
    whenFree: () =>
      reading.then(
        () => undefined,
        () => undefined,
      ),
    copy(encoder, parts) {
      sizeBytes = 0;
      for (const part of parts) {
        encoder.copyBufferToBuffer(part.source, part.at, buffer, sizeBytes, part.sizeBytes);
        sizeBytes += part.sizeBytes;
      }
    },
    read() {
      const result = read();
      reading = result;
      return result;
    },
  };
}
