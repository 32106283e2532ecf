import type { PieceHash } from '../../base/branded.ts';
import type { AdapterWeights, LoadedWeights } from '../../engine/index.ts';
import { GpuError, type GpuDevice, type PipelineCache } from '../../gpu/index.ts';
import { TrainingDataError } from '../data/errors.ts';
import { packRows } from '../data/pack-rows.ts';
import { rowPositions, type TokenRow } from '../data/token-row.ts';
import { TrainingError } from '../errors.ts';
import { createLoraTrainer } from '../lora-trainer.ts';
import {
  checkIdentity,
  readCheckpoint,
  saveCheckpoint,
  type CheckpointStore,
  type CurvePoint,
  type EvaluationPoint,
  type RunIdentity,
} from './checkpoint.ts';
import { adapterRoot, rowsRoot, tokenizerRoot } from './content-address.ts';
import { estimateMemory, type MemoryEstimate } from './estimate-memory.ts';
import { initialAdapter } from '../model/adapter-layout.ts';
import type { FrozenView } from '../model/quantise-base.ts';
import { learningRateAt } from './learning-rate.ts';
import { planSteps } from './plan-steps.ts';
import {
  adamwOptions,
  checkSettings,
  differInRateOnly,
  settingsText,
  type RunSettings,
  type RunSizes,
} from './run-settings.ts';

/** Where a run is; only `ready` and `paused` runs can be trained. */
export type RunPhase = 'ready' | 'probing' | 'training' | 'paused' | 'done' | 'cancelled' | 'failed';

export type RunEvent =
  | { readonly type: 'phase'; readonly phase: RunPhase }
  | ({ readonly type: 'step'; readonly learningRate: number; readonly milliseconds: number } & CurvePoint)
  | ({ readonly type: 'evaluation' } & EvaluationPoint)
  | { readonly type: 'checkpoint'; readonly id: PieceHash; readonly step: number };

/** What a person wants to know before the start. */
export interface FitReport {
  readonly memory: MemoryEstimate;
  readonly steps: number;
  /** As measured on this device. */
  readonly secondsPerStep: number;
  /** For the steps that are left, without evaluations. */
  readonly seconds: number;
}

/** One adapter in the making. */
export interface TrainingRun {
  readonly phase: RunPhase;
  readonly steps: number;
  /** Every step's loss so far, also of those before a resume. */
  readonly curve: readonly CurvePoint[];
  readonly evaluations: readonly EvaluationPoint[];
  /** The newest checkpoint; the one before it is kept as well. */
  readonly checkpoint: PieceHash | undefined;
  /** GPU bytes that the run holds, without the base. */
  readonly allocatedBytes: number;
  /** Two steps that are taken back. @throws {TrainingError} as `train`, AbortError */
  probe(signal?: AbortSignal): Promise<FitReport>;
  /**
   * Trains until the end, a pause or a cancel; resolves with which it was.
   *
   * @throws {TrainingError} `diverged` and `out-of-memory`, with the last checkpoint kept; `no-labels`, `run-state`;
   *   {GpuError}, {WeightsError} of the store
   */
  train(): Promise<'done' | 'paused' | 'cancelled'>;
  /** Stops within a tenth of a second, makes a checkpoint, and can be trained on. */
  pause(): void;
  /** Stops within a tenth of a second for good; checkpoints stay. */
  cancel(): void;
  /** As it is now, also while training. */
  readAdapter(): Promise<AdapterWeights>;
  /** Frees all buffers. @throws {TrainingError} `run-state` while it trains */
  close(): void;
}

export interface TrainingRunOptions {
  readonly gpu: GpuDevice;
  readonly cache?: PipelineCache;
  readonly base: Omit<LoadedWeights, 'view'> & { readonly view: FrozenView };
  /** The base's id. */
  readonly baseRoot: string;
  /** Bytes of the base on the GPU, for the estimate. */
  readonly baseBytes: number;
  readonly rows: { readonly train: readonly TokenRow[]; readonly evaluation: readonly TokenRow[] };
  readonly settings: RunSettings;
  readonly sizes: RunSizes;
  readonly store: CheckpointStore;
  /** The checkpoint to go on from. */
  readonly from?: PieceHash;
  /** That checkpoint may be of another learning rate, as after a run that diverged. */
  readonly changesRate?: boolean;
  /** The adapter to begin with, of the settings' form; matrices that it leaves alone begin as they do without one. */
  readonly start?: AdapterWeights;
  /** Awaited before each step: training yields to whoever holds it. */
  readonly mayGoOn?: (signal: AbortSignal) => Promise<void>;
  readonly onEvent?: (event: RunEvent) => void;
}

const DEFAULT_INTERVAL = 20;
const KEPT_CHECKPOINTS = 2;

/**
 * Prepares a run, or one that goes on from a checkpoint.
 *
 * @throws {TrainingError} `settings-invalid`, `adapter-invalid`, `checkpoint-mismatch`, `checkpoint-invalid`,
 *   `out-of-memory`; {TrainingDataError} `empty`, `row-too-long`; {WeightsError} of the store; {GpuError}
 */
export async function createTrainingRun(options: TrainingRunOptions): Promise<TrainingRun> {
  const { gpu, base, rows, settings, sizes, store, mayGoOn, onEvent = () => undefined } = options;
  const { batchTokens, checkpointing = false, evaluateEvery = DEFAULT_INTERVAL } = sizes;
  const { checkpointEvery = DEFAULT_INTERVAL } = sizes;
  const { lora, momentBits = 32, seed } = settings;
  checkSettings(settings, sizes);
  const longest = checkRows(rows, Math.min(batchTokens, base.config.contextTokens));
  const identity: RunIdentity = {
    base: options.baseRoot,
    tokenizer: await tokenizerRoot(base.header),
    rows: await rowsRoot([...rows.train, ...rows.evaluation]),
    settings: settingsText(settings),
    ...(options.start && { start: await adapterRoot(options.start) }),
  };
  const restored = options.from === undefined ? undefined : await readCheckpoint(store, options.from);
  if (restored) checkIdentity(restored.identity, identity, options.changesRate ? differInRateOnly : undefined);

  const named = (error: unknown): unknown => {
    if (!(error instanceof GpuError) || error.code !== 'out-of-memory') return error;
    const smaller = Math.ceil(batchTokens / 2 / 64) * 64;
    const next = smaller >= longest && smaller < batchTokens ? smaller : undefined;
    const advice = next === undefined ? 'take a lower rank or checkpointing' : `go on with micro-batches of ${next}`;
    const message = `no memory on the GPU for micro-batches of ${batchTokens} tokens; ${advice}`;
    const details = { value: batchTokens, ...(next === undefined ? {} : { limit: next }) };
    return new TrainingError('out-of-memory', message, details, { cause: error });
  };
  const { cache, budgetBytes } = { ...options, ...sizes };
  const trainer = await createLoraTrainer({
    gpu,
    ...(cache ? { cache } : {}),
    ...(budgetBytes === undefined ? {} : { budgetBytes }),
    base,
    lora,
    seed,
    ...(options.start && { adapter: new Map([...initialAdapter(base.config, lora, seed), ...options.start]) }),
    batchTokens,
    checkpointing,
    momentBits,
  }).catch((error: unknown) => {
    throw named(error);
  });
  const plan = planSteps(rows.train, seed, settings.epochs, settings.stepTokens);
  const heldOut = packRows(rows.evaluation, batchTokens);
  const curve: CurvePoint[] = [...(restored?.curve ?? [])];
  const evaluations: EvaluationPoint[] = [...(restored?.evaluations ?? [])];
  const kept: PieceHash[] = [];
  let newest = options.from;
  let step = restored?.state.step ?? 0;
  let savedStep = restored ? step : -1;
  let phase: RunPhase = 'ready';
  let stopping: { readonly controller: AbortController; as: 'paused' | 'cancelled' } | undefined;
  try {
    if (restored) trainer.restoreState(restored.state);
  } catch (error) {
    trainer.close();
    throw error;
  }

  const enter = (next: RunPhase, ...from: readonly RunPhase[]) => {
    if (from.length > 0 && !from.includes(phase))
      throw new TrainingError('run-state', `a run that is ${phase} cannot be ${next}`, { name: phase });
    phase = next;
    onEvent({ type: 'phase', phase });
  };
  const save = async () => {
    const state = await trainer.saveState();
    const id = await saveCheckpoint(store, { identity, state, curve, evaluations });
    savedStep = step;
    newest = id;
    if (kept.at(-1) !== id) kept.push(id);
    if (kept.length > KEPT_CHECKPOINTS) await store.delete(kept.splice(0, kept.length - KEPT_CHECKPOINTS));
    onEvent({ type: 'checkpoint', id, step });
  };
  const isDue = (interval: number) => step % interval === 0 || step === plan.steps;
  const takeStep = async (signal: AbortSignal) => {
    const started = performance.now();
    const learningRate = learningRateAt(settings.rate, step + 1, plan.steps);
    const batches = plan.batchesOf(step + 1, batchTokens);
    const { loss, gradNorm } = await trainer.step(batches, adamwOptions(settings, learningRate), signal);
    step++;
    const point = { step, loss, gradNorm };
    curve.push(point);
    onEvent({ type: 'step', ...point, learningRate, milliseconds: performance.now() - started });
  };
  const work = async (signal: AbortSignal) => {
    for (;;) {
      if (isDue(evaluateEvery) && evaluations.at(-1)?.step !== step) {
        const { loss } = await trainer.evaluate(heldOut, signal);
        evaluations.push({ step, loss });
        onEvent({ type: 'evaluation', step, loss });
      }
      if (isDue(checkpointEvery) && savedStep !== step) await save();
      if (step >= plan.steps) return;
      await mayGoOn?.(signal);
      signal.throwIfAborted();
      await takeStep(signal);
    }
  };
  const stop = (as: 'paused' | 'cancelled') => {
    if (!stopping) throw new TrainingError('run-state', `a run that is ${phase} cannot be ${as}`, { name: phase });
    stopping.as = as;
    stopping.controller.abort();
  };

  return {
    get phase() {
      return phase;
    },
    get checkpoint() {
      return newest;
    },
    get allocatedBytes() {
      return trainer.allocatedBytes;
    },
    steps: plan.steps,
    curve,
    evaluations,
    probe: async (signal) => {
      const before = phase;
      enter('probing', 'ready', 'paused');
      const state = await trainer.saveState();
      try {
        const batches = plan.batchesOf(Math.min(step + 1, plan.steps), batchTokens);
        let milliseconds = 0;
        // The first one compiles.
        for (let i = 0; i < 2; i++) {
          const started = performance.now();
          await trainer.step(batches, { learningRate: 0 }, signal);
          milliseconds = performance.now() - started;
        }
        const memory = estimateMemory(base.config, options.baseBytes, { lora, batchTokens, checkpointing, momentBits });
        const secondsPerStep = milliseconds / 1000;
        return { memory, steps: plan.steps, secondsPerStep, seconds: secondsPerStep * (plan.steps - step) };
      } catch (error) {
        throw named(error);
      } finally {
        trainer.restoreState(state);
        enter(before);
      }
    },
    train: async () => {
      enter('training', 'ready', 'paused');
      const controller = new AbortController();
      const mine: typeof stopping = { controller, as: 'cancelled' };
      stopping = mine;
      try {
        await work(controller.signal);
        enter('done');
        return 'done';
      } catch (error) {
        if (!controller.signal.aborted) {
          enter('failed');
          throw named(error);
        }
        if (mine.as === 'paused' && savedStep !== step) await save();
        enter(mine.as);
        return mine.as;
      } finally {
        stopping = undefined;
      }
    },
    pause: () => stop('paused'),
    cancel: () => stop('cancelled'),
    readAdapter: trainer.readAdapter,
    close: () => {
      if (stopping) throw new TrainingError('run-state', 'a run that trains cannot be closed; cancel it first');
      trainer.close();
    },
  };
}

/** The longest row. @throws {TrainingDataError} `empty`, `row-too-long` */
function checkRows(rows: TrainingRunOptions['rows'], limit: number): number {
  if (rows.train.length === 0 || rows.evaluation.length === 0)
    throw new TrainingDataError('empty', 'no rows to learn from or none to check with; choose a file with more');
  const value = [...rows.train, ...rows.evaluation].reduce((most, row) => Math.max(most, rowPositions(row)), 0);
  if (value <= limit) return value;
  const message = `a row takes ${value} positions, ${limit} fit the context and the micro-batch; shorten it`;
  throw new TrainingDataError('row-too-long', message, { value, limit });
}
