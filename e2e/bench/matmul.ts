import { blockUntilReady, defaultDevice, init, numpy } from '@jax-js/jax';
import { createRandom } from '../../src/base/random.ts';
import {
  MATMUL_WG,
  matmulKernel,
  matmulTallKernel,
  SHARED_LANES,
  TALL_TILES,
} from '../../src/engine/kernels/matmul.ts';
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
import { fastestInTurns } from './fastest.ts';

/** Columns that one read of the weights serves in prefill. */
const COLUMNS = 8;

/** 2·n³ operations in `ms`, as GFLOP/s. */
export function gflops(size: number, ms: number): number {
  return (2 * size ** 3) / ms / 1e6;
}

/** A product that can be run again and again. */
interface Product {
  readonly run: () => Promise<void>;
  readonly error: number;
  readonly close: () => void;
}

/**
 * The engine's products and jax-js's, in turns, for whatever else this machine does falls on all of them; the best of
 * each counts.
 */
export async function measureMatmul(
  size: number,
  types: readonly TensorType[],
): Promise<{ jax: number; ours: { type: TensorType; gflops: number; error: number }[] }> {
  const jax = await jaxProduct(size);
  const ours: Product[] = [];
  for (const type of types) ours.push(await ourProduct(size, type));
  const all = [jax, ...ours];
  const best = await fastestInTurns(all.map(({ run }) => run));
  for (const { close } of all) close();
  const speed = (i: number) => gflops(size, best[i] ?? Number.NaN);
  return {
    jax: speed(0),
    ours: types.map((type, i) => ({ type, gflops: speed(i + 1), error: ours[i]?.error ?? Number.NaN })),
  };
}

/** The engine's product of (size, size) weights in `type` with `size` columns of ones, as prefill runs it, checked. */
export async function ourProduct(size: number, type: TensorType): Promise<Product> {
  const gpu = await openGpu(navigator.gpu);
  const { device } = gpu;
  const memory = createGpuMemory(device);
  const cache = createPipelineCache(device);
  const isSerial = gpu.report.isSoftware;
  const variants = { format: type, epilogue: 'store' };
  const pipeline = isSerial
    ? await cache.pipeline(matmulTallKernel, { variants, aliases: { cols: 'vec4f' } })
    : await cache.pipeline(matmulKernel, {
        variants: { ...variants, reduce: 'shared', products: 'f32' },
        aliases: { cols: 'vec4f' },
        overrides: { LANES: SHARED_LANES, GROUPS: COLUMNS / 4 },
      });
  const perWorkgroup = isSerial ? MATMUL_WG * TALL_TILES : MATMUL_WG / SHARED_LANES;
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
    pass.dispatchWorkgroups(Math.ceil(size / 4 / perWorkgroup), size / COLUMNS, 1);
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
  const close = () => {
    memory.freeAll();
    gpu.close();
  };
  return { run: () => run(), error, close };
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
async function jaxProduct(size: number): Promise<Product> {
  await init('webgpu');
  defaultDevice('webgpu');
  const a = numpy.ones([size, size]);
  const b = numpy.ones([size, size]);
  const run = async () => {
    const product = numpy.matmul(a.ref, b.ref);
    await blockUntilReady(product);
    product.dispose();
  };
  return { run, error: 0, close: () => undefined };
}
