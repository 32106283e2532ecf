import type { AdapterWeights, LoadedWeights } from '../engine/index.ts';
import { initialAdapter, layOutAdapter, packAdapter, paddedRank, unpackAdapter } from './model/adapter-layout.ts';
import { viewAdaptedModel } from './model/adapted-model.ts';
import type { MomentBits } from './model/adamw.ts';
import { checkLora, LORA_TARGETS, type LoraOptions } from './model/lora.ts';
import type { FrozenView } from './model/quantise-base.ts';
import { prepareTrainer } from './prepare-trainer.ts';
import type { CommonTrainerOptions, Trainer } from './trainer-api.ts';

/** Trains an adapter of a frozen base. */
export interface LoraTrainer extends Trainer {
  readAdapter(): Promise<AdapterWeights>;
}

export interface LoraTrainerOptions extends CommonTrainerOptions {
  /** The frozen base, of any GGUF type or brought to NF4 by `quantiseBase`; stays the caller's. */
  readonly base: Pick<LoadedWeights, 'config'> & { readonly view: FrozenView };
  readonly lora: LoraOptions;
  /** To go on from; by default one that changes nothing yet, drawn from `seed`. */
  readonly adapter?: AdapterWeights;
  readonly seed?: number;
  /** 32 by default. */
  readonly momentBits?: MomentBits;
}

/**
 * Prepares training of a low-rank adapter on a frozen, possibly quantised base (Dettmers et al. 2023): no copy of a weight
 * is made, and no gradient of one.
 *
 * @throws {TrainingError} `adapter-invalid`, `model-too-large`, {GpuError}
 */
export async function createLoraTrainer(options: LoraTrainerOptions): Promise<LoraTrainer> {
  const { base, lora, seed = 0, momentBits = 32 } = options;
  const { config, view } = base;
  checkLora(lora);
  const layout = layOutAdapter(config, lora);
  const count = (...targets: readonly (typeof LORA_TARGETS)[number][]) =>
    targets.filter((target) => (lora.targets ?? LORA_TARGETS).includes(target)).length;
  const trainer = await prepareTrainer(options, config, {
    layout,
    initial: packAdapter(layout, lora, options.adapter ?? initialAdapter(config, lora, seed)),
    view: (parameters, gradients) => viewAdaptedModel(config, view, lora, layout, parameters, gradients),
    ranks: paddedRank(lora.rank) * Math.max(1, count('attn_q', 'attn_k', 'attn_v'), count('ffn_gate', 'ffn_up')),
    momentBits,
    ropeFactors: view.ropeFactors,
  });
  return {
    get allocatedBytes() {
      return trainer.allocatedBytes;
    },
    get peakBytes() {
      return trainer.peakBytes;
    },
    step: trainer.step,
    evaluate: trainer.evaluate,
    readParameters: trainer.readParameters,
    readGradients: trainer.readGradients,
    saveState: trainer.saveState,
    restoreState: trainer.restoreState,
    close: trainer.close,
    readAdapter: async () => unpackAdapter(layout, lora, await trainer.readParameters()),
  };
}
