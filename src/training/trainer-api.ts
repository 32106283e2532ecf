import type { GpuDevice, PipelineCache } from '../gpu/index.ts';
import type { PackedBatch } from './data/packed-batch.ts';
import type { AttentionKind } from './kernels/attention.ts';
import type { ProductKind } from './kernels/choose-products.ts';
import type { RowReduction } from './kernels/row-reduction.ts';
import type { AdamwOptions } from './model/adamw.ts';
import type { HeadChunks } from './model/head.ts';

/** What a step did. */
export interface StepReport {
  /** Mean cross-entropy of the labels before the step, in nats. */
  readonly loss: number;
  /** Norm of all gradients together, before clipping. */
  readonly gradNorm: number;
  /** Labels that carried loss. */
  readonly tokens: number;
}

/** Everything that the next step depends on. */
export interface TrainerState {
  /** Steps done. */
  readonly step: number;
  /** The flat array of parameters, laid out by the model. */
  readonly parameters: Float32Array<ArrayBuffer>;
  /** The moments as the optimizer keeps them: a number for each parameter, or four 8-bit codes in the bits of one. */
  readonly m: Float32Array<ArrayBuffer>;
  readonly v: Float32Array<ArrayBuffer>;
  /** Of 8-bit moments. */
  readonly scales?: Float32Array<ArrayBuffer>;
}

/** Trains one model. Calls do not overlap: await one before the next. */
export interface Trainer {
  /** GPU bytes that the trainer holds, without those of a frozen base. */
  readonly allocatedBytes: number;
  /** The most of them that ever were at once. */
  readonly peakBytes: number;
  /**
   * One step over the gradient of all batches together: each label weighs the same, wherever it lies.
   *
   * @throws {TrainingError} `batch-invalid`, `no-labels`, `diverged` (the parameters are as before), {GpuError}, AbortError
   */
  step(batches: readonly PackedBatch[], options: AdamwOptions, signal?: AbortSignal): Promise<StepReport>;
  /** Mean loss over the labels of the batches, without learning. @throws {TrainingError} as `step` */
  evaluate(batches: readonly PackedBatch[], signal?: AbortSignal): Promise<{ loss: number; tokens: number }>;
  /** Every trained tensor by its GGUF name, (rows, columns) row-major. */
  readParameters(): Promise<Map<string, Float32Array<ArrayBuffer>>>;
  /** The gradients of the last step in the same form, for tests. */
  readGradients(): Promise<Map<string, Float32Array<ArrayBuffer>>>;
  saveState(): Promise<TrainerState>;
  /** @throws {TrainingError} `state-invalid` */
  restoreState(state: TrainerState): void;
  /** Frees all buffers. */
  close(): void;
}

/** What every way of training takes. */
export interface CommonTrainerOptions {
  readonly gpu: GpuDevice;
  /** Compiled kernels to share; its own by default. */
  readonly cache?: PipelineCache;
  /** Tokens of the longest micro-batch. */
  readonly batchTokens: number;
  /** Keep the activations of one layer only and compute the others again: less memory, a third more time. */
  readonly checkpointing?: boolean;
  /** Refuse as out of memory what would take more; unlimited by default. */
  readonly budgetBytes?: number;
  /** By default `serial` on software GPUs. */
  readonly reduction?: RowReduction;
  /** By default what is faster; for tests. */
  readonly attention?: AttentionKind;
  /** One kind of products for all weights; by default what is faster for each. All give the same bits. For tests. */
  readonly products?: ProductKind;
  /** Chunks of the head; by default what fits 16 MiB. For tests. */
  readonly headChunks?: HeadChunks;
}
