import { proxy, wrap, type Remote } from 'comlink';
import type { ModelRoot, PieceHash } from '../../base/branded.ts';
import { isAbort } from '../../base/app-error.ts';
import { installRealmErrors } from '../../base/realm-errors.ts';
import type { AdapterWeights, ModelSource } from '../../engine/index.ts';
import type {
  CurvePoint,
  EvaluationPoint,
  FitReport,
  PreparedRun,
  RunEvent,
  RunPhase,
  TrainingHost,
} from '../../training/index.ts';
import { createChangeSignal } from '../change-signal.ts';
import { problemOf } from '../problem.ts';
import type { Problem } from '../snapshot.ts';
import { forgetRun, keepRun, readKeptRun, type KeptRun, type StudioChoice } from './kept-run.ts';

export interface StudioView {
  readonly phase: 'empty' | 'preparing' | RunPhase;
  readonly choice: StudioChoice | undefined;
  readonly prepared: PreparedRun | undefined;
  readonly fit: FitReport | undefined;
  readonly curve: readonly CurvePoint[];
  readonly evaluations: readonly EvaluationPoint[];
  /** Of the last step. */
  readonly secondsPerStep: number | undefined;
  /** The newest checkpoint's step. */
  readonly savedStep: number | undefined;
  readonly problem: Problem | undefined;
}

/** Teaches a model on this device. Every method is called because a person clicked. */
export interface Studio {
  view(): StudioView;
  /** Something is fetched, measured or learnt now. */
  isRunning(): boolean;
  onChange(listener: () => void): () => void;
  /** Downloads the base if need be, reads the rows and shows what would be learnt. Problems are shown in the view. */
  prepare(choice: StudioChoice): Promise<void>;
  /** What an earlier visit left, if anything. */
  kept(): Promise<KeptRun | undefined>;
  /** Goes on with it, from its checkpoint; it waits for `train`. */
  resume(run: KeptRun): Promise<void>;
  probe(): Promise<void>;
  train(): Promise<void>;
  pause(): Promise<void>;
  /** Ends the run for good and forgets it. */
  discard(): Promise<void>;
  readAdapter(): Promise<AdapterWeights>;
  /** The adapter as files by name: a PEFT directory, or one GGUF. @throws errors of `adapters` by name */
  files(kind: 'peft' | 'gguf'): Promise<ReadonlyMap<string, Blob>>;
  /** Training waits while the device computes for somebody. */
  setBusy(isBusy: boolean): void;
}

/** A tenth of the rows says whether it learns or only remembers. */
const EVALUATION_SHARE = 0.1;

const EMPTY: StudioView = {
  phase: 'empty',
  choice: undefined,
  prepared: undefined,
  fit: undefined,
  curve: [],
  evaluations: [],
  secondsPerStep: undefined,
  savedStep: undefined,
  problem: undefined,
};

/** @param openBase makes the model whole on this device and says where it lies */
export function createStudio(openBase: (model: ModelRoot) => Promise<ModelSource>): Studio {
  const signal = createChangeSignal(100);
  let view = EMPTY;
  let worker: { readonly host: Remote<TrainingHost>; readonly end: () => void } | undefined;
  const show = (changed: Partial<StudioView>) => {
    view = { ...view, ...changed };
    signal.changed();
  };

  function host(): Remote<TrainingHost> {
    worker ??= startWorker();
    return worker.host;
  }

  function keep(run: KeptRun): void {
    keepRun(run).catch((error: unknown) => show({ problem: problemOf(error) }));
  }

  function onEvent(event: RunEvent): void {
    switch (event.type) {
      case 'phase':
        return show({ phase: event.phase });
      case 'step': {
        const { step, loss, gradNorm, milliseconds } = event;
        return show({ curve: [...view.curve, { step, loss, gradNorm }], secondsPerStep: milliseconds / 1000 });
      }
      case 'evaluation':
        return show({ evaluations: [...view.evaluations, { step: event.step, loss: event.loss }] });
      case 'checkpoint':
        show({ savedStep: event.step });
        if (view.choice) keep({ choice: view.choice, checkpoint: event.id, step: event.step, atMs: Date.now() });
        return undefined;
      default:
        return event satisfies never;
    }
  }

  async function open(choice: StudioChoice, from: PieceHash | undefined): Promise<void> {
    show({ ...EMPTY, phase: 'preparing', choice });
    try {
      const { jsonl, settings, sizes } = choice;
      const source = await openBase(choice.model);
      const request = { source, jsonl, settings, sizes, evaluationShare: EVALUATION_SHARE, ...(from && { from }) };
      const prepared = await host().prepare(request, proxy(onEvent));
      show({ phase: 'ready', prepared, curve: prepared.curve, evaluations: prepared.evaluations });
    } catch (error) {
      show({ ...EMPTY, problem: problemOf(error) });
    }
  }

  /** Runs what may fail, and shows how. */
  async function attempt(run: () => Promise<unknown>): Promise<void> {
    show({ problem: undefined });
    try {
      await run();
    } catch (error) {
      if (!isAbort(error)) show({ problem: problemOf(error) });
    }
  }

  return {
    view: () => view,
    isRunning: () => view.phase === 'preparing' || view.phase === 'probing' || view.phase === 'training',
    onChange: (listener) => signal.on(listener),
    prepare: (choice) => open(choice, undefined),
    kept: readKeptRun,
    resume: ({ choice, checkpoint }) => open(choice, checkpoint),
    probe: () => attempt(async () => show({ fit: await host().probe() })),
    train: () => attempt(() => host().train()),
    pause: () => attempt(() => host().pause()),
    async discard() {
      const left = worker;
      worker = undefined;
      left?.end();
      show(EMPTY);
      await forgetRun();
    },
    readAdapter: () => host().readAdapter(),
    async files(kind) {
      const { choice, prepared } = view;
      if (!choice || !prepared) return new Map();
      const weights = await host().readAdapter();
      const { writeAdapterFiles } = await import('./adapter-files.ts');
      return writeAdapterFiles(kind, { weights, form: choice.settings.lora }, prepared.config, {
        root: choice.model,
        name: choice.modelName,
      });
    },
    setBusy: (isBusy) => void worker?.host.setBusy(isBusy),
  };
}

function startWorker() {
  installRealmErrors();
  const worker = new Worker(new URL('../../../workers/training.worker.ts', import.meta.url), {
    type: 'module',
    name: 'training',
  });
  return { host: wrap<TrainingHost>(worker), end: () => worker.terminate() };
}
