import { blockUntilReady, defaultDevice, init, numpy } from '@jax-js/jax';
import { createRandom } from '../../src/base/random.ts';
import { MATMUL_WG, matmulKernel, SHARED_LANES } from '../../src/engine/kernels/matmul.ts';
import { packedRow, packRows } from '../../src/engine/model/packing.ts';
import { BUFFER_USAGE, createGpuMemory, createPipelineCache, encodeParams, openGpu } from '../../src/gpu/index.ts';
import { TENSOR_TYPES, type TensorType } from '../../src/weights/index.ts';

const REPEATS = 5;
/** Columns that one read of the weights serves in prefill. */
const COLUMNS = 8;

/** 2·n³ operations in `ms`, as GFLOP/s. */
function gflops(size: number, ms: number): number {
  return (2 * size ** 3) / ms / 1e6;
}

async function fastest(run: () => Promise<void>): Promise<number> {
  await run();
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < REPEATS; i++) {
    const startMs = performance.now();
    await run();
    best = Math.min(best, performance.now() - startMs);
  }
  return best;
}

/** Random GGUF blocks whose scales are ordinary numbers. */
function randomRows(type: TensorType, size: number): Uint8Array<ArrayBuffer> {
  const { blockElements, blockBytes } = TENSOR_TYPES[type];
  const random = createRandom(1);
  if (type === 'F32') {
    return new Uint8Array(Float32Array.from({ length: size * size }, () => random.uniform() - 0.5).buffer);
  }
  const bytes = Uint8Array.from({ length: (size * size * blockBytes) / blockElements }, () => random.below(256));
  // The exponent bits of every half-precision scale: a scale of about 1/16.
  for (let at = 0; at < bytes.length; at += blockBytes) {
    bytes[at + 1] = 0x2c;
    if (type === 'Q4_K') bytes[at + 3] = 0x2c;
  }
  return bytes;
}

/** The engine's product of (size, size) weights in `type` with `size` columns, as prefill runs it. */
export async function measureOurMatmul(size: number, type: TensorType): Promise<number> {
  const gpu = await openGpu(navigator.gpu);
  const memory = createGpuMemory(gpu.device);
  const cache = createPipelineCache(gpu.device);
  const isSerial = gpu.report.isSoftware;
  const lanes = isSerial ? 1 : SHARED_LANES;
  const pipeline = await cache.pipeline(matmulKernel, {
    variants: { format: type, epilogue: 'store', reduce: isSerial ? 'serial' : 'shared' },
    aliases: { cols: 'vec4f' },
    overrides: { LANES: lanes, GROUPS: COLUMNS / 4 },
  });
  const { codes, scales } = packRows(type, size, randomRows(type, size));
  const values = {
    n: size,
    k4: size / 4,
    y_stride: size,
    y_row0: 0,
    half_base: (size * packedRow(type, size).codesBytes) / 4,
  };
  const params = await memory.create('params', 20, BUFFER_USAGE.UNIFORM | BUFFER_USAGE.COPY_DST);
  const usage = BUFFER_USAGE.STORAGE | BUFFER_USAGE.COPY_DST;
  const weights = await memory.create('weights', codes.byteLength + scales.byteLength, usage);
  const x = await memory.create('x', 4 * size * size, usage);
  const y = await memory.create('y', 4 * size * size, usage);
  const { queue } = gpu.device;
  queue.writeBuffer(params, 0, encodeParams(matmulKernel.params, values));
  queue.writeBuffer(weights, 0, codes);
  if (scales.byteLength > 0) queue.writeBuffer(weights, codes.byteLength, scales);
  const group = cache.bindGroup(matmulKernel, [params, weights, x, y]);
  const ms = await fastest(async () => {
    const encoder = gpu.device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(Math.ceil(size / 4 / (MATMUL_WG / lanes)), size / COLUMNS, 1);
    pass.end();
    queue.submit([encoder.finish()]);
    await queue.onSubmittedWorkDone();
  });
  memory.freeAll();
  gpu.close();
  return gflops(size, ms);
}

/** jax-js's own f32 product of the same shape on WebGPU. */
export async function measureJaxMatmul(size: number): Promise<number> {
  await init('webgpu');
  defaultDevice('webgpu');
  const a = numpy.ones([size, size]);
  const b = numpy.ones([size, size]);
  const ms = await fastest(async () => {
    const product = numpy.matmul(a.ref, b.ref);
    await blockUntilReady(product);
    product.dispose();
  });
  return gflops(size, ms);
}
