import type { AdapterWeights, ModelConfig } from '../engine/index.ts';
import { adaptedTensors } from './adapted-tensors.ts';
import { AdapterError } from './errors.ts';

/** What all pairs of an adapter have in common (Hu et al. 2021). */
export interface LoraForm {
  readonly rank: number;
  readonly alpha: number;
  /** Counts alpha / √rank instead of alpha / rank (Kalajdzievski 2023). */
  readonly isRankStabilised?: boolean;
}

const MAX_RANK = 64;

/** An adapter read from files. */
export interface LoraAdapter {
  readonly weights: AdapterWeights;
  readonly form: LoraForm;
}

export function scaleOf({ rank, alpha, isRankStabilised = false }: LoraForm): number {
  return alpha / (isRankStabilised ? Math.sqrt(rank) : rank);
}

/**
 * Holds an adapter to its form and to the base that it changes.
 *
 * @throws {AdapterError} `adapter-unsupported` for a rank above 64; `adapter-base` for a tensor or shape that the base does not have; `adapter-invalid` for an
 * empty adapter, a pair of another rank or scale, or a number that is not finite
 */
export function checkAdapter({ weights, form }: LoraAdapter, config: ModelConfig): void {
  const tensors = new Map(adaptedTensors(config).map((tensor) => [tensor.gguf, tensor]));
  if (form.rank > MAX_RANK) {
    const message = `its rank is ${form.rank}, this build computes with up to ${MAX_RANK}; merge it into its base instead`;
    throw new AdapterError('adapter-unsupported', message);
  }
  if (weights.size === 0) throw new AdapterError('adapter-invalid', 'it changes no tensor; export it again');
  for (const [name, { rank, scale, a, b }] of weights) {
    const tensor = tensors.get(name);
    if (!tensor) throw notOfBase(name, 'the base has no such tensor');
    const { inputs, outputs } = tensor;
    if (a.length !== rank * inputs) throw notOfBase(name, `A has ${a.length / rank} inputs, the base ${inputs}`);
    if (b.length !== outputs * rank) throw notOfBase(name, `B has ${b.length / rank} outputs, the base ${outputs}`);
    if (rank !== form.rank) throw malformed(name, `rank ${rank}, the adapter's is ${form.rank}`);
    if (!(Math.abs(scale / scaleOf(form) - 1) < 1e-5)) {
      throw malformed(name, `it counts ${scale} times, by the adapter's alpha and rank ${scaleOf(form)} times`);
    }
    for (const values of [a, b]) {
      const bad = values.find((value) => !Number.isFinite(value));
      if (bad !== undefined) throw malformed(name, `it holds ${bad}`);
    }
  }
}

function notOfBase(name: string, why: string): AdapterError {
  return new AdapterError('adapter-base', `${name.slice(0, 100)}: ${why}; choose the base that it was made for`, {
    name,
  });
}

function malformed(name: string, why: string): AdapterError {
  return new AdapterError('adapter-invalid', `${name.slice(0, 100)}: ${why}; export it again`, { name });
}
