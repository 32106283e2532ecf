import type { AdamwOptions } from '../model/adamw.ts';

/** Parameters and moments of AdamW in f64. */
export interface ReferenceMoments {
  readonly parameters: Float64Array;
  readonly m: Float64Array;
  readonly v: Float64Array;
}

/** The `step`-th step of AdamW, in place; `norm` is that of all gradients together, `decays` whether weights decay. */
export function adamwReference(
  { parameters, m, v }: ReferenceMoments,
  gradients: ArrayLike<number>,
  step: number,
  norm: number,
  options: AdamwOptions,
  decays: boolean,
): void {
  const { learningRate, weightDecay = 0.01, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, clip = 1 } = options;
  const factor = Math.min(1, clip / (norm + 1e-6));
  for (let i = 0; i < parameters.length; i++) {
    const g = (gradients[i] ?? 0) * factor;
    const first = beta1 * (m[i] ?? 0) + (1 - beta1) * g;
    const second = beta2 * (v[i] ?? 0) + (1 - beta2) * g * g;
    m[i] = first;
    v[i] = second;
    const kept = (parameters[i] ?? 0) * (decays ? 1 - learningRate * weightDecay : 1);
    const root = Math.sqrt(second / (1 - beta2 ** step)) + epsilon;
    parameters[i] = kept - (learningRate * (first / (1 - beta1 ** step))) / root;
  }
}
