import {
  BUFFER_USAGE,
  createGpuMemory,
  encodeParams,
  MAX_BINDING_BYTES,
  type GpuDevice,
  type PipelineCache,
} from '../../gpu/index.ts';
import { READ_WG, readBandwidthKernel } from '../kernels/read-bandwidth.ts';

const INVOCATIONS = 64 * 1024;
const TURNS = 5;
const { STORAGE, UNIFORM, COPY_DST } = BUFFER_USAGE;

/** Bytes a second at which the GPU reads its memory: the roofline of a decode step. The best of a few turns. */
export async function measureReadBandwidth(gpu: GpuDevice, cache: PipelineCache): Promise<number> {
  const { device, report } = gpu;
  const sizeBytes = report.isSoftware ? MAX_BINDING_BYTES / 4 : MAX_BINDING_BYTES;
  const memory = createGpuMemory(device);
  try {
    const values = encodeParams(readBandwidthKernel.params, { n: sizeBytes / 16, stride: INVOCATIONS });
    const params = await memory.create('read params', values.byteLength, UNIFORM | COPY_DST);
    device.queue.writeBuffer(params, 0, values);
    const x = await memory.create('read', sizeBytes, STORAGE | COPY_DST);
    const y = await memory.create('read sums', INVOCATIONS * 4, STORAGE);
    const pipeline = await cache.pipeline(readBandwidthKernel, {});
    const group = cache.bindGroup(readBandwidthKernel, [params, x, y]);
    // Several dispatches a submit, so that the submit's own time does not count.
    const repeats = report.isSoftware ? 2 : 16;
    let best = 0;
    for (let turn = 0; turn < TURNS; turn++) {
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      for (let i = 0; i < repeats; i++) pass.dispatchWorkgroups(INVOCATIONS / READ_WG);
      pass.end();
      const startMs = performance.now();
      device.queue.submit([encoder.finish()]);
      await device.queue.onSubmittedWorkDone();
      best = Math.max(best, (1000 * repeats * sizeBytes) / (performance.now() - startMs));
    }
    return best;
  } finally {
    memory.freeAll();
  }
}
