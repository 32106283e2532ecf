import { proxy, wrap, type Remote } from 'comlink';
import type { ModelRoot, PieceHash } from '../../base/branded.ts';
import type { Bytes } from '../../base/bytes.ts';
import { isAbort } from '../../base/app-error.ts';
import { installRealmErrors } from '../../base/realm-errors.ts';
import type { AdapterWeights, ModelConfig, ModelSource } from '../../engine/index.ts';
import type {
  CurvePoint,
  EvaluationPoint,
  FitReport,
  LoraTarget,
  PreparedRun,
  RunEvent,
  RunPhase,
  TrainingHost,
} from '../../training/index.ts';
import type { HeldAdapter } from '../held-adapter.ts';
import { createChangeSignal } from '../change-signal.ts';
import { problemOf } from '../problem.ts';
import type { Problem } from '../snapshot.ts';
import type { ImportedAdapter } from './import-adapter.ts';
import { remedyFor, type Remedy } from './remedy.ts';
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
  /** What the run can go on with after that problem. */
  readonly remedy: Remedy | undefined;
  /** An adapter from files, until it is discarded. */
  readonly imported: ImportView | undefined;
  /** Name on the shelf of what was put there last. */
  readonly shelved: string | undefined;
}

/** An adapter from files. */
export interface ImportView {
  readonly name: string;
  readonly base: BaseChoice;
  readonly rank: number;
  /** Matrices that it changes. */
  readonly changes: number;
  /** What its file says. */
  readonly licence: string | undefined;
}

/** A model of the shelf. */
export interface BaseChoice {
  readonly root: ModelRoot;
  readonly name: string;
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
  /** Ends the run for good and forgets it, or what was imported. */
  discard(): Promise<void>;
  /** Goes on from the last checkpoint in the way that the view offers. */
  remedy(): Promise<void>;
  /** Reads an adapter from files and holds it to its base; nothing is trained. Problems are shown in the view. */
  importFiles(files: readonly File[], base: BaseChoice): Promise<void>;
  /**
   * Puts what was imported, or what was learnt so far, onto this device's shelf.
   *
   * @param licence under which others may use it; what the file of an imported one says comes first
   */
  shelve(licence?: string): Promise<void>;
  /** What can be tried now: an adapter and the model that it changes. */
  trial(): Promise<{ readonly model: ModelRoot; readonly weights: AdapterWeights } | undefined>;
  /** The adapter as files by name: a PEFT directory, or one GGUF. @throws errors of `adapters` by name */
  files(kind: 'peft' | 'gguf', licence?: string): Promise<ReadonlyMap<string, Blob>>;
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
  remedy: undefined,
  imported: undefined,
  shelved: undefined,
};

export interface StudioComponents {
  /** Makes the model whole on this device and says where it lies. */
  readonly openBase: (model: ModelRoot) => Promise<ModelSource>;
  /** Needs the model's header only. */
  readonly readConfig: (model: ModelRoot) => Promise<ModelConfig>;
  readonly openAdapter: (root: ModelRoot) => Promise<HeldAdapter>;
  readonly shelve: (file: { readonly name: string; readonly bytes: Bytes }, licence?: string) => Promise<ModelRoot>;
}

export function createStudio(components: StudioComponents): Studio {
  const { openBase, readConfig, openAdapter } = components;
  const signal = createChangeSignal(100);
  let view = EMPTY;
  let imported: ImportedAdapter | undefined;
  /** The run's newest checkpoint, or the one that it went on from. */
  let newest: PieceHash | undefined;
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
        newest = event.id;
        show({ savedStep: event.step });
        if (view.choice) keep({ choice: view.choice, checkpoint: event.id, step: event.step, atMs: Date.now() });
        return undefined;
      default:
        return event satisfies never;
    }
  }

  async function open(chosen: StudioChoice, from: PieceHash | undefined, changesRate = false): Promise<void> {
    imported = undefined;
    newest = from;
    show({ ...EMPTY, phase: 'preparing', choice: chosen });
    try {
      const start = chosen.start && (await openAdapter(chosen.start.root)).weights;
      const choice = start ? { ...chosen, settings: { ...chosen.settings, lora: formOf(start) } } : chosen;
      show({ choice });
      const { jsonl, settings, sizes } = choice;
      const source = await openBase(choice.model);
      const beginning = { ...(from && { from, changesRate }), ...(start && { start }) };
      const request = { source, jsonl, settings, sizes, evaluationShare: EVALUATION_SHARE, ...beginning };
      const prepared = await host().prepare(request, proxy(onEvent));
      show({ phase: 'ready', prepared, curve: prepared.curve, evaluations: prepared.evaluations });
    } catch (error) {
      show({ ...EMPTY, choice: view.choice, ...told(error) });
    }
  }

  const told = (error: unknown) => ({
    problem: problemOf(error),
    remedy: view.choice && remedyFor(error, view.choice),
  });

  /** Runs what may fail, and shows how. */
  async function attempt(run: () => Promise<unknown>): Promise<void> {
    show({ problem: undefined, remedy: undefined });
    try {
      await run();
    } catch (error) {
      if (!isAbort(error)) show(told(error));
    }
  }

  /** What was learnt so far, named after the file that it was learnt from. */
  async function trainedFile(
    licence: string | undefined,
  ): Promise<{ readonly name: string; readonly bytes: Bytes } | undefined> {
    const { choice, prepared } = view;
    if (!choice || !prepared) return undefined;
    const weights = await host().readAdapter();
    const { adapterFile } = await import('./adapter-files.ts');
    const name = `${choice.fileName.replace(/\.[^.]*$/, '')}.gguf`;
    const origin = { name, base: choice.model, parent: choice.start?.root, licence };
    return { name, bytes: adapterFile({ weights, form: choice.settings.lora }, prepared.config, origin) };
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
      if (imported) {
        imported = undefined;
        return show(EMPTY);
      }
      const left = worker;
      worker = undefined;
      left?.end();
      show(EMPTY);
      await forgetRun();
    },
    async remedy() {
      const { choice, remedy } = view;
      if (!choice || !remedy) return;
      const { settings, sizes } = choice;
      if (remedy.kind === 'smaller') {
        return open({ ...choice, sizes: { ...sizes, batchTokens: remedy.batchTokens } }, newest);
      }
      return open(
        { ...choice, settings: { ...settings, rate: { ...settings.rate, peak: remedy.peak } } },
        newest,
        true,
      );
    },
    importFiles: (files, base) =>
      attempt(async () => {
        show({ ...EMPTY });
        const { importAdapter } = await import('./import-adapter.ts');
        imported = await importAdapter(files, base, await readConfig(base.root));
        const { name, adapter, licence } = imported;
        show({ imported: { name, base, rank: adapter.form.rank, changes: adapter.weights.size, licence } });
      }),
    shelve: (said) =>
      attempt(async () => {
        const file = imported ? { name: imported.name, bytes: imported.gguf } : await trainedFile(said);
        if (!file) return;
        await components.shelve(file, imported?.licence ?? said);
        show({ shelved: file.name });
      }),
    async trial() {
      const { choice } = view;
      if (imported && view.imported) return { model: view.imported.base.root, weights: imported.adapter.weights };
      return choice && { model: choice.model, weights: await host().readAdapter() };
    },
    async files(kind, licence) {
      const { choice, prepared } = view;
      if (!choice || !prepared) return new Map();
      const weights = await host().readAdapter();
      const { writeAdapterFiles } = await import('./adapter-files.ts');
      const base = { root: choice.model, name: choice.modelName };
      const about = { parent: choice.start?.root, licence };
      const adapter = { weights, form: choice.settings.lora };
      return writeAdapterFiles(kind, adapter, prepared.config, base, about);
    },
    setBusy: (isBusy) => void worker?.host.setBusy(isBusy),
  };
}

/** The form that an adapter to begin with has. */
function formOf(weights: AdapterWeights): StudioChoice['settings']['lora'] {
  const [first] = weights.values();
  const { rank = 1, scale = 1 } = first ?? {};
  const targets = new Set([...weights.keys()].map((name) => name.split('.')[2] as LoraTarget));
  return { rank, alpha: scale * rank, targets: [...targets] };
}

function startWorker() {
  installRealmErrors();
  const worker = new Worker(new URL('../../../workers/training.worker.ts', import.meta.url), {
    type: 'module',
    name: 'training',
  });
  return { host: wrap<TrainingHost>(worker), end: () => worker.terminate() };
}
