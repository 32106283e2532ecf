/**
 * Training on WebGPU: forward and backward passes, AdamW, packed batches. Runs in a dedicated worker, or under Node with Dawn.
 *
 * @module
 * @example
 * const trainer = await createTrainer({ gpu, config, parameters: initialParameters(config, 1), batchTokens: 1024 });
 * const { loss } = await trainer.step([batch], { learningRate: 1e-3 });
 */
export { TrainingError, type TrainingErrorCode, type TrainingErrorDetails } from './errors.ts';
export type { PackedBatch } from './data/packed-batch.ts';
export type { AdamwOptions } from './model/adamw.ts';
export { initialParameters } from './model/initial-parameters.ts';
export { createTrainer, type StepReport, type Trainer, type TrainerOptions, type TrainerState } from './trainer.ts';
