import { BUFFER_USAGE, MAP_MODE_READ, type GpuMemory } from '../../gpu/index.ts';

/** The first `bytes` of buffers, one after the other. @throws {GpuError} `out-of-memory` for the copy */
export async function readBuffers(
  device: GPUDevice,
  memory: GpuMemory,
  parts: readonly { readonly buffer: GPUBuffer; readonly bytes: number }[],
): Promise<Float32Array<ArrayBuffer>[]> {
  const total = parts.reduce((sum, { bytes }) => sum + bytes, 0);
  const staging = await memory.create('read back', total, BUFFER_USAGE.MAP_READ | BUFFER_USAGE.COPY_DST);
  try {
    const encoder = device.createCommandEncoder();
    let at = 0;
    for (const { buffer, bytes } of parts) {
      encoder.copyBufferToBuffer(buffer, 0, staging, at, bytes);
      at += bytes;
    }
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(MAP_MODE_READ);
    const all = staging.getMappedRange();
    at = 0;
    return parts.map(({ bytes }) => new Float32Array(all.slice(at, (at += bytes))));
  } finally {
    memory.free(staging);
  }
}
