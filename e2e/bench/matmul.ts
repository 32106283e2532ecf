import { blockUntilReady, defaultDevice, init, numpy } from '@jax-js/jax';
import { createRandom } from '../../src/base/random.ts';
import { MATMUL_WG, matmulKernel, SHARED_LANES } from '../../src/engine/kernels/matmul.ts';
import { dequantise } from '../../src/engine/model/dequantise.reference.ts';
import { packedRow, packRows } from '../../src/engine/model/packing.ts';
import { randomRows } from '../../src/engine/testing/random-weights.ts';
import {
  BUFFER_USAGE,
  MAP_MODE_READ,
  createGpuMemory,
  createPipelineCache,
  encodeParams,
  openGpu,
} from '../../src/gpu/index.ts';
import type { TensorType } from '../../src/weights/index.ts';

const REPEATS = 5;
/** Columns that one read of the weights serves in prefill. */
const COLUMNS = 8;

/** 2·n³ operations in `ms`, as GFLOP/s. */
export function gflops(size: number, ms: number): number {
  return (2 * size ** 3) / ms / 1e6;
}

/** The shortest of a few runs, after one that compiles. */
export async function fastest(run: () => Promise<void>): Promise<number> {
  await run();
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < REPEATS; i++) {
    const startMs = performance.now();
    await run();
    best = Math.min(best, performance.now() - startMs);
  }
  return best;
}

/** The engine's product of (size, size) weights in `type` with `size` columns of ones, as prefill runs it, checked first. */
export async function measureOurMatmul(size: number, type: TensorType): Promise<{ gflops: number; error: number }> {
  const gpu = await openGpu(navigator.gpu);
  const { device } = gpu;
  const memory = createGpuMemory(device);
  const cache = createPipelineCache(device);
  const isSerial = gpu.report.isSoftware;
  const lanes = isSerial ? 1 : SHARED_LANES;
  const pipeline = await cache.pipeline(matmulKernel, {
    variants: { format: type, epilogue: 'store', reduce: isSerial ? 'serial' : 'shared' },
    aliases: { cols: 'vec4f' },
    overrides: { LANES: lanes, GROUPS: COLUMNS / 4 },
  });
  const rows = randomRows(type, size, size, createRandom(1));
  const { codes, scales } = packRows(type, size, rows);
  const halfBase = (size * packedRow(type, size).codesBytes) / 4;
  const values = { n: size, k4: size / 4, y_stride: size, y_row0: 0, half_base: halfBase };
  const usage = BUFFER_USAGE.STORAGE | BUFFER_USAGE.COPY_DST | BUFFER_USAGE.COPY_SRC;
  const settings = encodeParams(matmulKernel.params, values);
  const params = await memory.create('params', settings.byteLength, BUFFER_USAGE.UNIFORM | BUFFER_USAGE.COPY_DST);
  const weights = await memory.create('weights', codes.byteLength + scales.byteLength, usage);
  const x = await memory.create('x', 4 * size * size, usage);
  const y = await memory.create('y', 4 * size * size, usage);
  const back = await memory.create('back', 4 * size * size, BUFFER_USAGE.MAP_READ | BUFFER_USAGE.COPY_DST);
  const { queue } = device;
  queue.writeBuffer(params, 0, settings);
  queue.writeBuffer(weights, 0, codes);
  if (scales.byteLength > 0) queue.writeBuffer(weights, codes.byteLength, scales);
  queue.writeBuffer(x, 0, new Float32Array(size * size).fill(1));
  const group = cache.bindGroup(matmulKernel, [params, weights, x, y]);
  const run = async (copyBack = false) => {
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(Math.ceil(size / 4 / (MATMUL_WG / lanes)), size / COLUMNS, 1);
    pass.end();
    if (copyBack) encoder.copyBufferToBuffer(y, 0, back, 0, y.size);
    queue.submit([encoder.finish()]);
    await queue.onSubmittedWorkDone();
  };
  device.pushErrorScope('validation');
  await run(true);
  const invalid = await device.popErrorScope();
  if (invalid) throw new Error(invalid.message);
  await back.mapAsync(MAP_MODE_READ);
  const error = worstError(new Float32Array(back.getMappedRange()), dequantise(type, rows), size);
  const ms = await fastest(() => run());
  memory.freeAll();
  gpu.close();
  return { gflops: gflops(size, ms), error };
}

/** Largest error of y = W·1 relative to the row's sum of magnitudes; y is (size / 4 columns, rows, 4). */
function worstError(y: Float32Array, w: Float64Array, size: number): number {
  let worst = 0;
  for (let n = 0; n < size; n++) {
    let sum = 0;
    let magnitude = 0;
    for (let k = 0; k < size; k++) {
      const value = w[n * size + k] ?? 0;
      sum += value;
      magnitude += Math.abs(value);
    }
    for (let c = 0; c < size; c++) {
      const at = (Math.floor(c / 4) * size + n) * 4 + (c % 4);
      worst = Math.max(worst, Math.abs((y[at] ?? 0) - sum) / magnitude);
    }
  }
  return worst;
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
