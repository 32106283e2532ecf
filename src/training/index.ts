/**
 * Training on WebGPU: adapters of frozen quantised models, or all of a small model; forward and backward passes, AdamW,
 * packed batches, and the data that fills them. Runs in a dedicated worker, or under Node with Dawn.
 *
 * @module
 * @example
 * const trainer = await createTrainer({ gpu, config, parameters: initialParameters(config, 1), batchTokens: 1024 });
 * const { loss } = await trainer.step([batch], { learningRate: 1e-3 });
 * const base = await loadWeights(gpu.device.queue, memory, store, source);
 * const lora = await createLoraTrainer({ gpu, base, lora: { rank: 16, alpha: 32 }, batchTokens: 512, checkpointing: true });
 */
export { encodeConversation, encodeCompletion, type TrainingMessage } from './data/encode-rows.ts';
export { TrainingDataError, type TrainingDataErrorCode, type TrainingDataErrorDetails } from './data/errors.ts';
export { packRows } from './data/pack-rows.ts';
export { parseTrainingJsonl, type TrainingExample } from './data/parse-jsonl.ts';
export {
  encodeExample,
  prepareDataset,
  previewRow,
  type Dataset,
  type DatasetOptions,
  type PreviewToken,
} from './data/prepare-dataset.ts';
export { epochOrder, splitRows } from './data/split-rows.ts';
export type { TokenRow } from './data/token-row.ts';
export { TrainingError, type TrainingErrorCode, type TrainingErrorDetails } from './errors.ts';
export type { PackedBatch } from './data/packed-batch.ts';
export { createTrainingHost, type PreparedRun, type RunRequest, type TrainingHost } from './host/training-host.ts';
export { createLoraTrainer, type LoraTrainer, type LoraTrainerOptions } from './lora-trainer.ts';
export { initialAdapter } from './model/adapter-layout.ts';
export type { AdamwOptions, MomentBits } from './model/adamw.ts';
export { initialParameters } from './model/initial-parameters.ts';
export { LORA_TARGETS, loraScale, type LoraOptions, type LoraTarget } from './model/lora.ts';
export { quantiseBase, type FrozenView } from './model/quantise-base.ts';
export {
  readCheckpoint,
  type Checkpoint,
  type CheckpointStore,
  type CurvePoint,
  type EvaluationPoint,
} from './run/checkpoint.ts';
export { adapterRoot, rowsRoot } from './run/content-address.ts';
export { estimateMemory, type MemoryEstimate } from './run/estimate-memory.ts';
export {
  checkFragment,
  runFragment,
  type FragmentClaim,
  type FragmentInputs,
  type FragmentResult,
  type FragmentTask,
} from './run/fragment.ts';
export { learningRateAt, type RateSchedule } from './run/learning-rate.ts';
export type { RunSettings, RunSizes } from './run/run-settings.ts';
export {
  createTrainingRun,
  type FitReport,
  type RunEvent,
  type RunPhase,
  type TrainingRun,
  type TrainingRunOptions,
} from './run/training-run.ts';
export type { CommonTrainerOptions, StepReport, Trainer, TrainerState } from './trainer-api.ts';
export { createTrainer, type TrainerOptions } from './trainer.ts';
