import { createGpuMemory, GpuError, type GpuDevice, type PipelineCache } from '../../gpu/index.ts';
import { timeSteps } from '../bench/step-times.ts';
import type { ModelConfig } from '../model/config.ts';
import { prepareForward } from '../model/forward.ts';
import type { Reduction } from '../model/reduction.ts';
import type { RunState } from '../model/run-state.ts';
import type { WeightsView } from '../model/weights-view.ts';

/** A model on the GPU on which nothing runs yet: steps write into its state. */
interface Trial {
  readonly gpu: GpuDevice;
  readonly cache: PipelineCache;
  readonly config: ModelConfig;
  readonly weights: WeightsView;
  readonly state: RunState;
}

/** Layers are alike: a few stand for all, so that a large model does not take longer. */
const MAX_LAYERS = 4;
/** A decode step of one sequence and of many. */
const BATCHES = [1, 8] as const;
/** In turns, so that a clock that rises or falls meanwhile falls on all. */
const TURNS = 2;
/** For all candidates together, but at least three steps of each turn are run. */
const BUDGET_MS = 1200;

/**
 * The candidates in the order of their speed on this device with this model's own weights, the fastest first; those
 * that do not compile at the end. Steps only: whether they compute rightly is the self-test's to say.
 *
 * @throws {GpuError} `device-lost`, `out-of-memory`
 */
export async function orderBySpeed(
  trial: Trial,
  candidates: readonly Reduction[],
  time: typeof timeSteps = timeSteps,
): Promise<Reduction[]> {
  const { gpu, cache, state } = trial;
  const { device } = gpu;
  const layers = Math.min(MAX_LAYERS, trial.config.layers);
  const config = { ...trial.config, layers };
  const weights = { ...trial.weights, layers: trial.weights.layers.slice(0, layers) };
  const memory = createGpuMemory(device);
  try {
    const runs: { readonly reduction: Reduction; readonly forward: ForwardOf; readonly bestMs: number[] }[] = [];
    for (const reduction of candidates) {
      const parts = { config, weights, state, cache, memory, queue: device.queue, reduction };
      const forward = await prepareForward(parts).catch((error: unknown) => {
        if (error instanceof GpuError && error.code === 'shader-invalid') return undefined;
        throw error;
      });
      if (forward) runs.push({ reduction, forward, bestMs: BATCHES.map(() => Number.POSITIVE_INFINITY) });
    }
    const budgetMs = BUDGET_MS / (runs.length * BATCHES.length * TURNS);
    for (let turn = 0; turn < TURNS; turn++) {
      for (const { forward, bestMs } of runs) {
        for (const [i, batch] of BATCHES.entries()) {
          const rows = Math.min(batch, state.limits.maxLogitRows);
          const { stepMs } = await time(device, forward, { rows, logitRows: rows }, budgetMs);
          bestMs[i] = Math.min(bestMs[i] ?? stepMs, stepMs);
        }
      }
    }
    // The product weighs a gain by its share, whichever batch is the slower one.
    const cost = ({ bestMs }: { readonly bestMs: readonly number[] }) => bestMs.reduce((all, ms) => all * ms, 1);
    const ordered = runs.toSorted((a, b) => cost(a) - cost(b)).map(({ reduction }) => reduction);
    return [...ordered, ...candidates.filter((candidate) => !ordered.includes(candidate))];
  } finally {
    memory.freeAll();
  }
}

type ForwardOf = Awaited<ReturnType<typeof prepareForward>>;
