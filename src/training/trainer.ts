import type { ModelConfig } from '../engine/index.ts';
import { viewFullModel } from './model/full-model.ts';
import { layOutModel } from './model/parameter-layout.ts';
import { prepareTrainer } from './prepare-trainer.ts';
import type { CommonTrainerOptions, Trainer } from './trainer-api.ts';

export interface TrainerOptions extends CommonTrainerOptions {
  readonly config: ModelConfig;
  /** Every tensor by its GGUF name, e.g. from `initialParameters`. */
  readonly parameters: ReadonlyMap<string, Float32Array>;
}

/**
 * Prepares training of all parameters of a small tied Llama model.
 *
 * @throws {TrainingError} `model-too-large`, `state-invalid` for missing or misshapen parameters, {GpuError}
 */
export async function createTrainer(options: TrainerOptions): Promise<Trainer> {
  const { config, parameters: initial } = options;
  const layout = layOutModel(config);
  return await prepareTrainer(options, config, {
    layout,
    initial,
    view: (parameters, gradients) => viewFullModel(config, layout, parameters, gradients),
    ranks: 0,
    momentBits: 32,
    ropeFactors: undefined,
  });
}
