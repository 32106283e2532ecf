import type { GpuDevice, PipelineCache } from '../../gpu/index.ts';
import type { GgufHeader } from '../../weights/index.ts';
import type { ModelConfig } from '../model/config.ts';
import { reductionLabel, reductionsOf, type ProductType, type Reduction } from '../model/reduction.ts';
import type { RunState } from '../model/run-state.ts';
import type { WeightsView } from '../model/weights-view.ts';
import { chooseTested } from '../self-test/self-test.ts';
import { orderBySpeed } from './tune-reductions.ts';
import { tuningKey } from './tuning-key.ts';
import type { TuningStore } from './tuning-store.ts';

interface Parts {
  readonly gpu: GpuDevice;
  readonly cache: PipelineCache;
  readonly header: Pick<GgufHeader, 'tensors'>;
  readonly config: ModelConfig;
  readonly weights: WeightsView;
  readonly state: RunState;
  /** `int8` allows rounded inputs; `f32`, the default, holds the promise of 1e-4. */
  readonly products?: ProductType;
}

/**
 * The fastest way to add up that computes this model's kernels rightly on this device. It is measured once for an
 * adapter, a version of the kernels and a shape of model, and kept: bits follow from it, so it is named in the numeric
 * class, holds for every batch, and is the same when the model is loaded again. Devices in software are not measured:
 * the first of their list is the fastest by far, and what else they compute is for tests.
 *
 * @throws {EngineError} `kernel-wrong`; {GpuError} `device-lost`, `out-of-memory`
 */
export async function chooseReduction(parts: Parts, tunings: TuningStore): Promise<Reduction> {
  const { gpu, cache, header, config, state, products = 'f32' } = parts;
  // Not those that multiply in f16: activations of real models exceed its range, and nothing holds them back yet.
  const possible = reductionsOf(gpu.report);
  const exact = possible.filter((reduction) => reduction.products === undefined);
  const rounded = products === 'int8' ? possible.filter((reduction) => reduction.products === 'int8') : [];
  const candidates = [...rounded, ...exact];
  const { kvType } = state.limits;
  if (gpu.report.isSoftware) return await chooseTested(gpu, cache, header, config, candidates, kvType);
  const key = await tuningKey(gpu.report, header, config, { kvType, products });
  const label = await tunings.get(key);
  const known = candidates.find((candidate) => reductionLabel(candidate) === label);
  const ordered = known
    ? [known, ...candidates.filter((other) => other !== known)]
    : await orderBySpeed(parts, candidates);
  const chosen = await chooseTested(gpu, cache, header, config, ordered, kvType);
  if (chosen !== known) await tunings.set(key, reductionLabel(chosen));
  return chosen;
}
