import { present } from '../../base/invariant.ts';
import {
  BUFFER_USAGE,
  createGpuMemory,
  encodeParams,
  MAP_MODE_READ,
  type GpuDevice,
  type Kernel,
  type KernelChoice,
  type ParamsLayout,
  type ParamsOf,
  type PipelineCache,
} from '../../gpu/index.ts';

type Numbers = Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

interface KernelRun<Layout extends ParamsLayout> {
  readonly kernel: Kernel<Layout>;
  readonly choice: KernelChoice;
  readonly params: ParamsOf<Layout>;
  /** Contents of the bindings in order, outputs as they are before. */
  readonly buffers: readonly Numbers[];
  readonly workgroups: readonly [number, number];
}

/** Runs one kernel once; gives the bytes of every binding afterwards. */
export async function runKernel<Layout extends ParamsLayout>(
  gpu: GpuDevice,
  cache: PipelineCache,
  run: KernelRun<Layout>,
): Promise<ArrayBuffer[]> {
  const { device } = gpu;
  const memory = createGpuMemory(device);
  const { STORAGE, COPY_DST, COPY_SRC, UNIFORM, MAP_READ } = BUFFER_USAGE;
  const upload = async (data: Numbers, usage: number) => {
    const buffer = await memory.create('test', data.byteLength, usage | COPY_DST);
    device.queue.writeBuffer(buffer, 0, data);
    return buffer;
  };
  const params = await upload(encodeParams(run.kernel.params, run.params), UNIFORM);
  const buffers = await Promise.all(run.buffers.map((data) => upload(data, STORAGE | COPY_SRC)));
  const pipeline = await cache.pipeline(run.kernel, run.choice);
  const staging = await Promise.all(buffers.map(({ size }) => memory.create('staging', size, MAP_READ | COPY_DST)));
  const encoder = device.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, cache.bindGroup(run.kernel, [params, ...buffers]));
  pass.dispatchWorkgroups(...run.workgroups);
  pass.end();
  buffers.forEach((buffer, i) => encoder.copyBufferToBuffer(buffer, 0, present(staging[i], 'staging'), 0, buffer.size));
  device.queue.submit([encoder.finish()]);
  const out: ArrayBuffer[] = [];
  for (const buffer of staging) {
    await buffer.mapAsync(MAP_MODE_READ);
    out.push(buffer.getMappedRange().slice(0));
    buffer.unmap();
  }
  memory.freeAll();
  return out;
}

/** (rows, n) → (groups, n, columns) as the kernels keep activations, with room for whole pairs of groups. */
export function group(rows: readonly ArrayLike<number>[], n: number, columns: number): Float32Array<ArrayBuffer> {
  const out = new Float32Array(Math.ceil(rows.length / (2 * columns)) * 2 * columns * n);
  rows.forEach((row, m) => {
    for (let i = 0; i < n; i++) out[(Math.floor(m / columns) * n + i) * columns + (m % columns)] = row[i] ?? 0;
  });
  return out;
}

/** The way back. */
export function ungroup(grouped: ArrayBuffer, rows: number, n: number, columns: number): Float32Array[] {
  const flat = new Float32Array(grouped);
  return Array.from({ length: rows }, (_, m) =>
    Float32Array.from({ length: n }, (_, i) => flat[(Math.floor(m / columns) * n + i) * columns + (m % columns)] ?? 0),
  );
}
