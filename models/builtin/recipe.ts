import type { ModelConfig } from '../../src/engine/model/config.ts';

/** Everything that decides the built-in model: the same recipe on the same kind of GPU gives the same file. */
export const RECIPE = {
  /** Of the corpus, the first weights and the order of rows. */
  seed: 1,
  /** Positions of a batch; rows are packed into it. */
  batchPositions: 1024,
  steps: 3_500,
  learningRate: 3e-3,
  /** Of the peak, at the last step. */
  finalShare: 0.05,
  warmupSteps: 60,
  weightDecay: 0.02,
  beta1: 0.9,
  beta2: 0.95,
  clip: 1,
  /** Standard deviation of the first weights; those that write to the residual stream get less the deeper the model. */
  initialDeviation: 0.05,
} as const;

export const CONFIG: ModelConfig = {
  architecture: 'llama',
  layers: 3,
  width: 128,
  ffnWidth: 384,
  heads: 4,
  kvHeads: 2,
  headSize: 32,
  rotary: 32,
  ropeBase: 10_000,
  ropeScale: 1,
  ropeStyle: 'pairs',
  hasHeadNorm: false,
  epsilon: 1e-5,
  contextTokens: 512,
  vocabulary: 768,
  isTied: true,
};

/** Warm-up in a line, then half a cosine down (Loshchilov, Hutter 2017, arXiv 1608.03983). @param step from 0 */
export function learningRateAt(step: number): number {
  const { learningRate, warmupSteps, steps, finalShare } = RECIPE;
  if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps;
  const progress = Math.min(1, (step - warmupSteps) / (steps - warmupSteps));
  return learningRate * (finalShare + (1 - finalShare) * 0.5 * (1 + Math.cos(Math.PI * progress)));
}

/** What the file says about itself. */
export const ABOUT = {
  'general.name': 'Starling built-in',
  'general.description': 'Characters of a small village: grounded replies, intents, short instructions',
  'general.license': 'apache-2.0',
  'general.author': 'The Starling authors',
} as const;
