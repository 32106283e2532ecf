import { createGpuMemory, createPipelineCache, type GpuDevice } from '../../gpu/index.ts';
import type { TensorType } from '../../weights/index.ts';
import { makeBenchModel } from './bench-model.ts';
import { benchConfig, BENCH_SHAPES, benchTensors, type BenchShape } from './bench-shapes.ts';
import { isInt8Type } from '../kernels/int8-products.ts';
import { reductionLabel, type ProductType } from '../model/reduction.ts';
import { chooseReduction } from '../tuning/choose-reduction.ts';
import { createMemoryTunings } from '../tuning/tuning-store.ts';
import { measureReadBandwidth } from './read-bandwidth.ts';
import { timeKernels, timeSteps } from './step-times.ts';

export interface BenchOptions {
  readonly shapes: readonly BenchShape[];
  readonly types: readonly TensorType[];
  readonly batches: readonly number[];
  /** What products may be; each allowed kind is measured where the type has it, `f32` alone by default. */
  readonly products?: readonly ProductType[];
  /** Fewer layers than the shape has, for slow devices and small memories. */
  readonly layers?: number;
  /** Fewer words than the shape has. */
  readonly vocabulary?: number;
  /** Time for each line. */
  readonly budgetMs: number;
}

const PLAIN = ['f32'] as const;

/** One line: a decode step of `batch` sequences with 128 positions each. */
export interface BenchRow {
  readonly shape: BenchShape;
  readonly type: TensorType;
  readonly batch: number;
  readonly layers: number;
  readonly stepMs: number;
  /** All sequences together. */
  readonly tokensPerSecond: number;
  /** Bytes of weights and cache that the step must read. */
  readonly stepBytes: number;
  /** Share of the memory's measured reading speed, 0 to 1. */
  readonly rooflineShare: number;
  /** CPU until the submit returns. */
  readonly encodeMs: number;
  readonly dispatches: number;
  /** How lanes add up: what was fastest here, and right. */
  readonly reduction: string;
  /** Sum of the kernels' own times and of the gaps between them; absent where the device has no timestamps. */
  readonly kernelMs?: number;
  readonly gapMs?: number;
}

export interface BenchReport {
  readonly bytesPerSecond: number;
  readonly rows: readonly BenchRow[];
}

/**
 * Measures decode steps of random models against the memory's own speed, on a device that does nothing else. The
 * kernels are compared with their reference before they are timed.
 *
 * @throws {EngineError} `kernel-wrong` if this GPU computes wrongly; {GpuError} `out-of-memory`, `device-lost`
 */
export async function benchDevice(
  gpu: GpuDevice,
  options: BenchOptions,
  onRow: (row: BenchRow) => void,
  signal?: AbortSignal,
): Promise<BenchReport> {
  const { device } = gpu;
  const cache = createPipelineCache(device);
  const bytesPerSecond = await measureReadBandwidth(gpu, cache);
  const tunings = createMemoryTunings();
  const rows: BenchRow[] = [];
  for (const shape of options.shapes) {
    for (const type of options.types) {
      const config = benchConfig(shape, options.layers, options.vocabulary);
      const tensors = benchTensors(config, type);
      const memory = createGpuMemory(device);
      try {
        const slots = Math.ceil(Math.max(...options.batches) / 8) * 8;
        const model = await makeBenchModel(gpu, cache, memory, config, tensors, slots);
        const { weights, state } = model;
        const parts = { gpu, cache, header: { tensors }, config, weights, state };
        const kinds = isInt8Type(type) ? (options.products ?? PLAIN) : PLAIN;
        for (const products of kinds) {
          const reduction = await chooseReduction({ ...parts, products }, tunings);
          const forward = await model.prepare(reduction);
          for (const batch of options.batches) {
            signal?.throwIfAborted();
            model.writeStep(batch);
            const step = { rows: batch, logitRows: batch };
            const times = await timeSteps(device, forward, step, options.budgetMs);
            const kernels = await timeKernels(device, memory, forward, step);
            const stepBytes = model.weightBytes + batch * model.cacheBytes;
            const row: BenchRow = {
              shape,
              type,
              batch,
              layers: config.layers,
              ...times,
              stepBytes,
              tokensPerSecond: (1000 * batch) / times.stepMs,
              rooflineShare: (1000 * stepBytes) / times.stepMs / bytesPerSecond,
              dispatches: forward.dispatches,
              reduction: reductionLabel(reduction),
              ...kernels,
            };
            rows.push(row);
            onRow(row);
          }
        }
      } finally {
        memory.freeAll();
      }
    }
  }
  return { bytesPerSecond, rows };
}

/** The names of the shapes, for whoever asks a person. */
export const benchShapeNames = Object.keys(BENCH_SHAPES) as readonly BenchShape[];
