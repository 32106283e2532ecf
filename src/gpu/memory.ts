import { GpuError } from './errors.ts';

/** GPU buffers with an account of their bytes: whoever creates one frees it here, or frees them all at once. */
export interface GpuMemory {
  /** Bytes that are allocated now. */
  readonly allocatedBytes: number;
  /** The most that ever were at once. */
  readonly peakBytes: number;
  /**
   * A zeroed buffer, created inside an `out-of-memory` error scope, as a limit is not a promise.
   *
   * @param sizeBytes rounded up to a multiple of 4, at least 16
   * @throws {GpuError} `limits-too-low` if no buffer can be so large, `out-of-memory` if this one cannot be had now
   */
  create(label: string, sizeBytes: number, usage: GPUBufferUsageFlags): Promise<GPUBuffer>;
  free(buffer: GPUBuffer): void;
  freeAll(): void;
}

/** @param budgetBytes more than this in all is refused as `out-of-memory`; WebGPU itself never says that memory is full */
export function createGpuMemory(device: GPUDevice, budgetBytes = Number.POSITIVE_INFINITY): GpuMemory {
  const buffers = new Set<GPUBuffer>();
  let allocatedBytes = 0;
  let peakBytes = 0;
  const free = (buffer: GPUBuffer) => {
    if (!buffers.delete(buffer)) return;
    allocatedBytes -= buffer.size;
    buffer.destroy();
  };
  const create = async (label: string, sizeBytes: number, usage: GPUBufferUsageFlags) => {
    const size = Math.max(16, Math.ceil(sizeBytes / 4) * 4);
    const limit = device.limits.maxBufferSize;
    if (size > limit) {
      throw new GpuError(
        'limits-too-low',
        `${label} needs ${size} bytes, a buffer may have ${limit}; take a smaller model`,
        { label, value: size, limit },
      );
    }
    if (allocatedBytes + size > budgetBytes) throw outOfMemory(label, size, budgetBytes - allocatedBytes);
    allocatedBytes += size;
    device.pushErrorScope('out-of-memory');
    const buffer = device.createBuffer({ label, size, usage });
    const failure = await device.popErrorScope();
    if (failure) {
      allocatedBytes -= size;
      buffer.destroy();
      throw outOfMemory(label, size);
    }
    buffers.add(buffer);
    peakBytes = Math.max(peakBytes, allocatedBytes);
    return buffer;
  };
  return {
    get allocatedBytes() {
      return allocatedBytes;
    },
    get peakBytes() {
      return peakBytes;
    },
    create,
    free,
    freeAll: () => buffers.forEach(free),
  };
}

function outOfMemory(label: string, value: number, limit?: number): GpuError {
  const message = `no memory for ${label} of ${value} bytes; unload a model or take a smaller one`;
  return new GpuError('out-of-memory', message, { label, value, ...(limit === undefined ? {} : { limit }) });
}
