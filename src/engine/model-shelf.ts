import { AppError } from '../base/app-error.ts';
import type { ModelRoot } from '../base/branded.ts';
import { delay, systemClock } from '../base/clock.ts';
import { createPipelineCache, openGpu, type GpuDevice, type GpuError, type PipelineCache } from '../gpu/index.ts';
import type { PieceStore } from '../weights/index.ts';
import { AdapterShelf } from './adapters/adapter-shelf.ts';
import { ConstraintCompiler } from './constraint/token-constraint.ts';
import type { ModelReport } from './engine-api.ts';
import { EngineError } from './errors.ts';
import { loadModel, type LoadedModel, type LoadOptions } from './model/load-model.ts';
import type { ModelSource } from './model/upload-weights.ts';
import { createDutyPace } from './scheduler/duty-pace.ts';
import { createScheduler, type Scheduler } from './scheduler/scheduler.ts';
import type { Stage } from './scheduler/stage.ts';
import type { TuningStore } from './tuning/tuning-store.ts';
import { createModelTokenizer, type ModelTokenizer } from './tokenizer/model-tokenizer.ts';

/** A model on the GPU with what runs on it. */
export interface ActiveModel {
  /** Another one each time a lost device is replaced. */
  readonly loaded: LoadedModel;
  readonly scheduler: Scheduler;
  readonly adapters: AdapterShelf;
  readonly constraints: ConstraintCompiler;
  readonly report: ModelReport;
}

interface ShelvedModel extends ActiveModel {
  loaded: LoadedModel;
  readonly source: ModelSource;
  readonly options: LoadOptions;
}

interface Components {
  readonly store: PieceStore;
  readonly gpu: GPU | undefined;
  readonly tunings: TuningStore;
  readonly onTokens: (count: number) => void;
}

type OnProgress = (doneBytes: number, totalBytes: number) => void;

/** How long a failed step waits for word that its device is lost. */
const LOSS_GRACE_MS = 1000;

/** Losses in a row without a token in between: what runs then may be what kills the device. */
const MAX_FRUITLESS_LOSSES = 3;
/** A driver that restarts offers no adapter for a while. */
const REOPEN_DELAYS_MS = [250, 1000, 4000];

/**
 * The open GPU, the models on it, and the tokenizers that need neither. When the device is lost another is opened, the
 * models are loaded again, and what ran on them goes on.
 */
export class ModelShelf {
  readonly tokenizers = new Map<ModelRoot, ModelTokenizer>();
  /** How much of the GPU's time work for others may take: one for all models. */
  readonly duty = createDutyPace(systemClock);
  readonly #components: Components;
  readonly #models = new Map<ModelRoot, ShelvedModel>();
  #gpu: Promise<{ readonly gpu: GpuDevice; readonly cache: PipelineCache }> | undefined;
  #loading: Promise<unknown> = Promise.resolve();
  #stopping = new AbortController();
  #fruitlessLosses = 0;
  /** Times that a device was lost. */
  losses = 0;

  constructor(components: Components) {
    this.#components = components;
  }

  get models(): readonly ActiveModel[] {
    return [...this.#models.values()];
  }

  /** @throws {EngineError} `model-not-loaded` */
  get(root: ModelRoot): ActiveModel {
    const model = this.#models.get(root);
    if (!model) throw new EngineError('model-not-loaded', `model ${root} is not loaded; load it first`, { name: root });
    return model;
  }

  /** Loads one model at a time; one that is here already only reports. */
  load(source: ModelSource, options: LoadOptions, onProgress: OnProgress): Promise<ModelReport> {
    const { signal } = this.#stopping;
    const turn = this.#loading.then(() => this.#load(source, options, onProgress, signal));
    this.#loading = turn.catch(() => undefined);
    return turn;
  }

  unload(root: ModelRoot): void {
    const model = this.#models.get(root);
    if (model) this.#drop(model, 'model-not-loaded', `engine: model ${root} was unloaded`);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#stopping = new AbortController();
    await this.#loading;
    this.#endAll('engine-stopped', 'engine: stopped');
    this.tokenizers.clear();
    const open = this.#gpu;
    this.#gpu = undefined;
    await open?.then(({ gpu }) => gpu.close()).catch(() => undefined);
  }

  async #load(
    source: ModelSource,
    options: LoadOptions,
    onProgress: OnProgress,
    signal: AbortSignal,
  ): Promise<ModelReport> {
    signal.throwIfAborted();
    const known = this.#models.get(source.root);
    if (known) return known.report;
    const { gpu, cache } = await this.#open();
    const loaded = await loadModel(
      gpu,
      cache,
      this.#components.store,
      source,
      options,
      onProgress,
      signal,
      this.#components.tunings,
    );
    try {
      if (gpu.lostError) throw gpu.lostError;
      const tokenizer = this.tokenizers.get(source.root) ?? createModelTokenizer(loaded.header);
      this.tokenizers.set(source.root, tokenizer);
      const scheduler = createScheduler({
        onTokens: (count) => this.#onTokens(count),
        options: { sharesPrefixes: options.sharesPrefixes ?? true, speculates: options.speculates ?? true },
        duty: this.duty,
        now: () => performance.now(),
      });
      scheduler.resume(stageOf(gpu, loaded));
      const report = reportOf(loaded, tokenizer);
      const adapters = new AdapterShelf(loaded.runner.config);
      const constraints = new ConstraintCompiler(tokenizer, report.vocabulary);
      this.#models.set(source.root, { loaded, scheduler, adapters, constraints, report, source, options });
      return report;
    } catch (error) {
      loaded.memory.freeAll();
      throw error;
    }
  }

  #onTokens(count: number): void {
    if (count > 0) this.#fruitlessLosses = 0;
    this.#components.onTokens(count);
  }

  #open(): Promise<{ readonly gpu: GpuDevice; readonly cache: PipelineCache }> {
    this.#gpu ??= this.#openNew().catch((error: unknown) => {
      this.#gpu = undefined;
      throw error;
    });
    return this.#gpu;
  }

  async #openNew() {
    const gpu = await openGpu(this.#components.gpu);
    void gpu.lost.then((error) => error && this.#onLost(error));
    return { gpu, cache: createPipelineCache(gpu.device) };
  }

  #onLost(error: GpuError): void {
    this.#gpu = undefined;
    this.losses++;
    const isBusy = this.models.some(({ scheduler }) => scheduler.running + scheduler.waiting > 0);
    this.#fruitlessLosses = isBusy ? this.#fruitlessLosses + 1 : 0;
    if (this.#fruitlessLosses >= MAX_FRUITLESS_LOSSES) {
      this.#fruitlessLosses = 0;
      this.#endAll(error.code, error.message);
      return;
    }
    for (const { scheduler, loaded } of this.#models.values()) {
      scheduler.suspend();
      loaded.memory.freeAll();
    }
    const { signal } = this.#stopping;
    this.#loading = this.#loading.then(() => this.#restoreAll(signal));
  }

  async #restoreAll(signal: AbortSignal): Promise<void> {
    for (const model of this.#models.values()) {
      try {
        await this.#restore(model, signal);
      } catch (error) {
        const code = error instanceof AppError ? error.code : 'internal';
        // If it was lost again, another restoration stands in line; `stop` ends what runs itself.
        if (code === 'device-lost' || signal.aborted) return;
        this.#drop(model, code, error instanceof Error ? error.message : String(error));
      }
    }
  }

  async #restore(model: ShelvedModel, signal: AbortSignal): Promise<void> {
    const { source, options, scheduler } = model;
    const { gpu, cache } = await this.#openAgain(signal);
    const { store, tunings } = this.#components;
    let loaded: LoadedModel;
    try {
      loaded = await loadModel(gpu, cache, store, source, options, () => undefined, signal, tunings);
      for (const adapter of model.adapters.held) await loaded.runner.adapters.reserve(adapter);
    } catch (error) {
      throw await lostOr(gpu, error);
    }
    if (gpu.lostError || this.#models.get(source.root) !== model) {
      loaded.memory.freeAll();
      return;
    }
    // Another adapter may round in another way: what was begun on the first cannot be finished there.
    if (loaded.numericClass !== model.loaded.numericClass) {
      scheduler.failAll('device-lost', 'engine: the GPU was lost and another took its place; ask again');
    }
    model.loaded = loaded;
    scheduler.resume(stageOf(gpu, loaded));
  }

  async #openAgain(signal: AbortSignal) {
    for (const delayMs of REOPEN_DELAYS_MS) {
      try {
        return await this.#open();
      } catch {
        await delay(systemClock, delayMs, signal);
      }
    }
    return await this.#open();
  }

  #drop(model: ShelvedModel, code: string, message: string): void {
    if (this.#models.get(model.source.root) === model) this.#models.delete(model.source.root);
    this.#end(model, code, message);
  }

  #endAll(code: string, message: string): void {
    for (const model of this.#models.values()) this.#end(model, code, message);
    this.#models.clear();
  }

  #end({ scheduler, loaded }: ActiveModel, code: string, message: string): void {
    scheduler.stop(code, message);
    loaded.memory.freeAll();
  }
}

/** Work on a lost device fails with errors of many names, at times before the loss itself is told. */
async function lostOr(gpu: GpuDevice, error: unknown): Promise<unknown> {
  if (error instanceof AppError) return error;
  return (await Promise.race([gpu.lost, delay(systemClock, LOSS_GRACE_MS)])) ?? error;
}

function stageOf(gpu: GpuDevice, { runner }: LoadedModel): Stage {
  return { runner, explain: (error) => lostOr(gpu, error) };
}

function reportOf(loaded: LoadedModel, tokenizer: ModelTokenizer): ModelReport {
  const { root, runner, weightBytes, kvBytesPerToken, contextTokens } = loaded;
  const { architecture, vocabulary, layers } = runner.config;
  const { slots } = runner.state.limits;
  const { hasChatTemplate } = tokenizer;
  return {
    root,
    architecture,
    contextTokens,
    vocabulary,
    layers,
    weightBytes,
    kvBytesPerToken,
    slots,
    hasChatTemplate,
  };
}
