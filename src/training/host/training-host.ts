import type { PieceHash } from '../../base/branded.ts';
import {
  createModelTokenizer,
  loadWeights,
  type AdapterWeights,
  type ModelConfig,
  type ModelSource,
} from '../../engine/index.ts';
import { createGpuMemory, openGpu, type GpuDevice, type GpuMemory } from '../../gpu/index.ts';
import type { PieceStore } from '../../weights/index.ts';
import { prepareDataset, previewRow, type PreviewToken } from '../data/prepare-dataset.ts';
import { TrainingError } from '../errors.ts';
import type { CheckpointStore, CurvePoint, EvaluationPoint } from '../run/checkpoint.ts';
import type { RunSettings, RunSizes } from '../run/run-settings.ts';
import { createTrainingRun, type FitReport, type RunEvent, type TrainingRun } from '../run/training-run.ts';

/** Everything that a run begins or goes on from. */
export interface RunRequest {
  /** The frozen base; its pieces are in the store. */
  readonly source: ModelSource;
  /** Training rows, as `parseTrainingJsonl` reads them. */
  readonly jsonl: string;
  readonly settings: RunSettings;
  readonly sizes: RunSizes;
  /** Share of the rows that is held out, in (0, 1). */
  readonly evaluationShare: number;
  /** As of `TrainingRunOptions`. */
  readonly from?: PieceHash;
  readonly changesRate?: boolean;
  readonly start?: AdapterWeights;
}

/** What a person sees before the start. */
export interface PreparedRun {
  readonly config: ModelConfig;
  readonly steps: number;
  readonly rows: { readonly train: number; readonly evaluation: number };
  /** Tokens that are learnt, of all rows. */
  readonly learnt: number;
  /** The first rows as the model reads them. */
  readonly preview: readonly (readonly PreviewToken[])[];
  /** Of the steps before a resume. */
  readonly curve: readonly CurvePoint[];
  readonly evaluations: readonly EvaluationPoint[];
}

export interface TrainingHostComponents {
  readonly store: PieceStore;
  readonly checkpoints: CheckpointStore;
  readonly gpu: GPU | undefined;
}

/** One training run at a time, in a worker of its own. Nothing touches the GPU before `prepare`. */
export interface TrainingHost {
  /**
   * Loads the base, reads the rows, and makes the run; one that was there is closed.
   *
   * @throws errors of `training`, `engine`, `weights` and `gpu` by name
   */
  prepare(request: RunRequest, onEvent: (event: RunEvent) => void): Promise<PreparedRun>;
  /** As `TrainingRun`. @throws {TrainingError} `run-state` before `prepare` */
  probe(): Promise<FitReport>;
  train(): Promise<'done' | 'paused' | 'cancelled'>;
  pause(): Promise<void>;
  cancel(): Promise<void>;
  readAdapter(): Promise<AdapterWeights>;
  /** Training waits between two steps while this device has something better to do. */
  setBusy(isBusy: boolean): void;
}

const PREVIEW_ROWS = 3;

interface OpenRun {
  readonly run: TrainingRun;
  readonly memory: GpuMemory;
  readonly gpu: GpuDevice;
}

export function createTrainingHost({ store, checkpoints, gpu }: TrainingHostComponents): TrainingHost {
  let open: OpenRun | undefined;
  let idle = Promise.resolve();
  let becomeIdle = () => {};

  function close(): void {
    open?.run.close();
    open?.memory.freeAll();
    open?.gpu.close();
    open = undefined;
  }

  function current(): TrainingRun {
    if (open) return open.run;
    throw new TrainingError('run-state', 'there is no run; prepare one first', { name: 'none' });
  }

  return {
    async prepare({ source, jsonl, settings, sizes, evaluationShare, ...beginning }, onEvent) {
      close();
      const device = await openGpu(gpu);
      const memory = createGpuMemory(device.device);
      try {
        const base = await loadWeights(device.device.queue, memory, store, source);
        const tokenizer = createModelTokenizer(base.header);
        const maxPositions = Math.min(base.config.contextTokens, sizes.batchTokens);
        const dataset = prepareDataset(tokenizer, jsonl, { maxPositions, evaluationShare, seed: settings.seed });
        const run = await createTrainingRun({
          gpu: device,
          base,
          baseRoot: source.root,
          baseBytes: memory.allocatedBytes,
          rows: dataset,
          settings,
          sizes,
          store: checkpoints,
          ...beginning,
          mayGoOn: (signal) => untilIdle(idle, signal),
          onEvent,
        });
        open = { run, memory, gpu: device };
        return {
          config: base.config,
          steps: run.steps,
          rows: { train: dataset.train.length, evaluation: dataset.evaluation.length },
          learnt: dataset.learnt,
          preview: dataset.train.slice(0, PREVIEW_ROWS).map((row) => previewRow(tokenizer, row)),
          curve: [...run.curve],
          evaluations: [...run.evaluations],
        };
      } catch (error) {
        memory.freeAll();
        device.close();
        throw error;
      }
    },
    probe: () => current().probe(),
    train: () => current().train(),
    pause: async () => current().pause(),
    cancel: async () => current().cancel(),
    readAdapter: () => current().readAdapter(),
    setBusy(isBusy) {
      becomeIdle();
      becomeIdle = () => {};
      if (!isBusy) return;
      const waiting = Promise.withResolvers<void>();
      idle = waiting.promise;
      becomeIdle = waiting.resolve;
    },
  };
}

/** Resolves when idle; rejects as soon as the signal aborts. */
async function untilIdle(idle: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const abort = () => aborted.reject(signal.reason as Error);
  signal.addEventListener('abort', abort, { once: true });
  await Promise.race([idle, aborted.promise]).finally(() => signal.removeEventListener('abort', abort));
}
