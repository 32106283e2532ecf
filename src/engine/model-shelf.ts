import { AppError } from '../base/app-error.ts';
import type { ModelRoot } from '../base/branded.ts';
import { delay, systemClock } from '../base/clock.ts';
import { createPipelineCache, openGpu, type GpuDevice, type PipelineCache } from '../gpu/index.ts';
import type { PieceStore } from '../weights/index.ts';
import { ConstraintCompiler } from './constraint/token-constraint.ts';
import type { ModelReport } from './engine-api.ts';
import { EngineError } from './errors.ts';
import { loadModel, type LoadedModel, type LoadOptions } from './model/load-model.ts';
import type { ModelSource } from './model/upload-weights.ts';
import { createScheduler, type Scheduler } from './scheduler/scheduler.ts';
import { createModelTokenizer, type ModelTokenizer } from './tokenizer/model-tokenizer.ts';

/** A model on the GPU with what runs on it. */
export interface ActiveModel {
  readonly loaded: LoadedModel;
  readonly scheduler: Scheduler;
  readonly constraints: ConstraintCompiler;
  readonly report: ModelReport;
}

interface Components {
  readonly store: PieceStore;
  readonly gpu: GPU | undefined;
  readonly onTokens: (count: number) => void;
}

type OnProgress = (doneBytes: number, totalBytes: number) => void;

/** How long a failed step waits for word that its device is lost. */
const LOSS_GRACE_MS = 1000;

/** The open GPU, the models on it, and the tokenizers that need neither. A lost device empties it; `load` opens another. */
export class ModelShelf {
  readonly tokenizers = new Map<ModelRoot, ModelTokenizer>();
  readonly #components: Components;
  readonly #models = new Map<ModelRoot, ActiveModel>();
  #gpu: Promise<{ readonly gpu: GpuDevice; readonly cache: PipelineCache }> | undefined;
  #loading: Promise<unknown> = Promise.resolve();
  #stopping = new AbortController();

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
    if (!model) return;
    this.#models.delete(root);
    this.#end(model, 'model-not-loaded', `engine: model ${root} was unloaded`);
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
    const { store, onTokens } = this.#components;
    const loaded = await loadModel(gpu, cache, store, source, options, onProgress, signal);
    try {
      if (gpu.lostError) throw gpu.lostError;
      const tokenizer = this.tokenizers.get(source.root) ?? createModelTokenizer(loaded.header);
      this.tokenizers.set(source.root, tokenizer);
      const explain = (error: unknown) => lostOr(gpu, error);
      const scheduler = createScheduler({
        runner: loaded.runner,
        explain,
        onTokens,
        options: { sharesPrefixes: options.sharesPrefixes ?? true, speculates: options.speculates ?? true },
        now: () => performance.now(),
      });
      const report = reportOf(loaded, tokenizer);
      const constraints = new ConstraintCompiler(tokenizer, report.vocabulary);
      this.#models.set(source.root, { loaded, scheduler, constraints, report });
      return report;
    } catch (error) {
      loaded.memory.freeAll();
      throw error;
    }
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
    void gpu.lost.then((error) => {
      if (!error) return;
      this.#gpu = undefined;
      this.#endAll(error.code, error.message);
    });
    return { gpu, cache: createPipelineCache(gpu.device) };
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
