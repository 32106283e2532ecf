import type { ModelRoot } from '../../base/branded.ts';
import {
  createGpuMemory,
  GpuError,
  MAX_BINDING_BYTES,
  type GpuDevice,
  type GpuMemory,
  type PipelineCache,
} from '../../gpu/index.ts';
import type { GgufHeader, PieceStore } from '../../weights/index.ts';
import { chooseReduction } from '../tuning/choose-reduction.ts';
import { createMemoryTunings, type TuningStore } from '../tuning/tuning-store.ts';
import type { ModelConfig } from './config.ts';
import { kvHeadBytes, type KvType } from './kv-type.ts';
import type { ModelRunner } from './model-runner.ts';
import { prepareRunner } from './prepare-runner.ts';
import { reductionLabel, type ProductType } from './reduction.ts';
import { allocateRunState, PAGE_TOKENS, type RunLimits, type RunState } from './run-state.ts';
import { loadWeights } from './load-weights.ts';
import type { ModelSource } from './upload-weights.ts';

/** How much of a model's room to set up. */
export interface LoadOptions {
  /** Sequences that may run at once; 8 by default, at most 32. */
  readonly slots?: number;
  /** Whether sequences that begin alike share what they have computed; true by default. */
  readonly sharesPrefixes?: boolean;
  /** Whether tokens are guessed and checked several at a time while at most two sequences run; true by default. */
  readonly speculates?: boolean;
  /** Positions of the longest sequence; by default the model's own context, at most 4096. */
  readonly contextTokens?: number;
  /**
   * How keys and values are kept; `f32` by default. `f16` takes half the memory and `int8` a quarter and 4 bytes a head,
   * both at some loss of precision; results agree in their bits within one type only.
   */
  readonly kvType?: KvType;
  /**
   * How products may be made; `f32` by default. `int8` lets the device round their inputs to 8 bits, 32 at a time, for
   * weights of Q8_0 and Q4_0, where that is faster: log-probabilities are off by some hundredths. The numeric class
   * says what was taken.
   */
  readonly products?: ProductType;
  /** Bytes that the model may take on the GPU, all in all; WebGPU itself does not say how many there are. */
  readonly memoryBytes?: number;
  /** Split matrices into bindings of at most this many bytes; for tests. */
  readonly maxChunkBytes?: number;
}

/** A model on the GPU. */
export interface LoadedModel {
  readonly root: ModelRoot;
  readonly header: GgufHeader;
  readonly runner: ModelRunner;
  readonly memory: GpuMemory;
  readonly weightBytes: number;
  readonly kvBytesPerToken: number;
  /** Positions of the longest sequence. */
  readonly contextTokens: number;
  /** What must agree for two results to agree in their bits. */
  readonly numericClass: string;
}

/** Changes whenever a kernel's arithmetic does. */
const KERNEL_VERSION = 'k3';
const DEFAULT_SLOTS = 8;
const MAX_SLOTS = 32;
const DEFAULT_CONTEXT = 4096;
/** For the KV cache of a model; at least one full context is always given. */
const KV_BUDGET_BYTES = 512 * 1024 * 1024;
const MAX_ROWS = 64;

/**
 * Reads a model from its pieces onto the GPU. Where memory is short it gets fewer slots; on any failure everything that
 * it allocated is freed.
 *
 * @param tunings what is known of this device's fastest variants
 * @throws {WeightsError}, {EngineError} `model-unsupported`, `model-invalid` or `kernel-wrong`, {GpuError}, AbortError
 */
export async function loadModel(
  gpu: GpuDevice,
  cache: PipelineCache,
  store: PieceStore,
  source: ModelSource,
  options: LoadOptions,
  onProgress: (doneBytes: number, totalBytes: number) => void,
  signal: AbortSignal,
  tunings: TuningStore = createMemoryTunings(),
): Promise<LoadedModel> {
  const { device } = gpu;
  const memory = createGpuMemory(device, options.memoryBytes);
  try {
    const { maxChunkBytes } = options;
    const weights = await loadWeights(device.queue, memory, store, source, { maxChunkBytes, onProgress, signal });
    const { header, config, view } = weights;
    const weightBytes = memory.allocatedBytes;
    const { state, contextTokens } = await fitRunState(config, options, view.ropeFactors, device.queue, memory);
    const { kvType } = state.limits;
    const { products = 'f32' } = options;
    const parts = { gpu, cache, header, config, weights: view, state, products };
    const reduction = await chooseReduction(parts, tunings);
    const runner = await prepareRunner({ device, cache, memory, config, weights: view, state, reduction });
    const kvBytesPerToken = 2 * config.layers * config.kvHeads * kvHeadBytes(kvType, config.headSize);
    const numericClass = [
      source.root.slice(0, 16),
      KERNEL_VERSION,
      reductionLabel(reduction),
      kvType === 'f32' ? 'f32' : `f32+kv-${kvType}`,
      gpu.report.vendor,
      gpu.report.architecture,
    ].join('/');
    return { root: source.root, header, runner, memory, weightBytes, kvBytesPerToken, contextTokens, numericClass };
  } catch (error) {
    memory.freeAll();
    throw gpu.lostError ?? error;
  }
}

/** Halves the slots until their state fits, as the memory's size is known only once it is full. */
async function fitRunState(
  config: ModelConfig,
  options: LoadOptions,
  ropeFactors: Float32Array | undefined,
  queue: GPUQueue,
  memory: GpuMemory,
): Promise<{ state: RunState; contextTokens: number }> {
  for (let { slots } = runLimits(config, options).limits; ; slots = Math.floor(slots / 2)) {
    const { limits, contextTokens } = runLimits(config, { ...options, slots });
    try {
      return { state: await allocateRunState(config, limits, ropeFactors, queue, memory), contextTokens };
    } catch (error) {
      if (slots === 1 || !(error instanceof GpuError && error.code === 'out-of-memory')) throw error;
    }
  }
}

/** Slots, context and cache pages within the limits of one binding and the budget. */
export function runLimits(config: ModelConfig, options: LoadOptions): { limits: RunLimits; contextTokens: number } {
  const slots = Math.min(MAX_SLOTS, Math.max(1, Math.floor(options.slots ?? DEFAULT_SLOTS)));
  const { kvType = 'f32' } = options;
  const pageBytes = PAGE_TOKENS * config.kvHeads * kvHeadBytes(kvType, config.headSize);
  const bindingPages = Math.floor(MAX_BINDING_BYTES / pageBytes);
  const wanted = options.contextTokens ?? Math.min(config.contextTokens, DEFAULT_CONTEXT);
  const contextTokens = Math.max(1, Math.min(wanted, config.contextTokens, bindingPages * PAGE_TOKENS));
  const contextPages = Math.ceil(contextTokens / PAGE_TOKENS);
  const budgetPages = Math.floor(KV_BUDGET_BYTES / (2 * config.layers * pageBytes));
  const pages = Math.min(slots * contextPages, bindingPages, Math.max(contextPages, budgetPages));
  const maxLogitRows = Math.ceil(slots / 8) * 8;
  const maxRows = Math.max(MAX_ROWS, maxLogitRows);
  const limits = { slots, contextTokens: contextPages * PAGE_TOKENS, pages, kvType, maxRows, maxLogitRows };
  return { limits, contextTokens };
}
