import type { GpuMemory } from '../../gpu/index.ts';
import type { GgufHeader, PieceStore } from '../../weights/index.ts';
import { readModelConfig, type ModelConfig } from './config.ts';
import { planTensors } from './tensor-plan.ts';
import { openSource } from './open-source.ts';
import type { ModelSource } from './upload-weights.ts';
import { allocateWeights, type WeightsView } from './weights-view.ts';

/** A model's weights on the GPU, as its file holds them, or repacked from AWQ or GPTQ. */
export interface LoadedWeights {
  readonly header: GgufHeader;
  readonly config: ModelConfig;
  readonly view: WeightsView;
}

/** How to load weights without a runner. */
export interface WeightsOptions {
  /** Split matrices into bindings of at most this many bytes; for tests. */
  readonly maxChunkBytes?: number | undefined;
  readonly onProgress?: ((doneBytes: number, totalBytes: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a model's pieces into buffers of `memory`, which the caller frees, after failures too.
 *
 * @throws {WeightsError}, {EngineError} `model-unsupported` or `model-invalid`, {GpuError}, AbortError
 */
export async function loadWeights(
  queue: GPUQueue,
  memory: GpuMemory,
  store: PieceStore,
  source: ModelSource,
  options: WeightsOptions = {},
): Promise<LoadedWeights> {
  const { onProgress = () => undefined, signal = new AbortController().signal } = options;
  const { header, upload } = await openSource(source, store);
  const config = readModelConfig(header);
  const plan = planTensors(header, config, options.maxChunkBytes);
  const { view, sinks } = await allocateWeights(plan, config.rotary / 2, queue, memory);
  await upload(sinks, onProgress, signal);
  return { header, config, view };
}
