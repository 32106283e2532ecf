import { releaseProxy } from 'comlink';
import { AppError } from '../base/app-error.ts';
import type { ModelRoot } from '../base/branded.ts';
import { delay, systemClock } from '../base/clock.ts';
import {
  createPipelineCache,
  openGpu,
  probeGpu,
  type GpuDevice,
  type GpuError,
  type PipelineCache,
} from '../gpu/index.ts';
import { parseGgufHeader, type PieceStore } from '../weights/index.ts';
import type {
  ChatMessage,
  DeviceReport,
  EngineEvent,
  EngineStats,
  ModelReport,
  SequenceRequest,
} from './engine-api.ts';
import { EngineError } from './errors.ts';
import { loadModel, type LoadedModel, type LoadOptions } from './model/load-model.ts';
import type { ModelSource } from './model/upload-weights.ts';
import { createScheduler, type Scheduler } from './scheduler/scheduler.ts';
import { createGeneration, createReading } from './scheduler/sequence.ts';
import { checkRequest } from './scheduler/check-request.ts';
import { createTokenRate } from './token-rate.ts';
import { createModelTokenizer, type ModelTokenizer } from './tokenizer/model-tokenizer.ts';

export interface EngineComponents {
  readonly store: PieceStore;
  /** Where the GPU comes from; the realm's own by default, Dawn's in Node. */
  readonly gpu?: GPU;
}

/** Natural log-probabilities of every token of the vocabulary after each token: (tokens, vocabulary). */
export interface TokenScores {
  readonly vocabulary: number;
  readonly logProbabilities: Float32Array<ArrayBuffer>;
}

/** The engine as a worker exposes it over comlink; see `createEngineApi`. */
export type EngineApi = ReturnType<typeof createEngineApi>;

interface ActiveModel {
  readonly loaded: LoadedModel;
  readonly scheduler: Scheduler;
  readonly report: ModelReport;
}

interface OpenGpu {
  readonly gpu: GpuDevice;
  readonly cache: PipelineCache;
}

/** Rows of `score` are few: this bounds their memory. */
const MAX_SCORES = 2 ** 26;
const LOSS_GRACE_MS = 1000;

/**
 * The engine: models from the piece store onto the GPU, sequences batched over them. Every method rejects with an
 * `EngineError`, `GpuError` or `WeightsError`; a lost device ends its sequences by name, and `loadModel` starts anew.
 */
export function createEngineApi(components: EngineComponents) {
  const { store } = components;
  const gpuSource = 'gpu' in components ? components.gpu : (navigator as { gpu?: GPU }).gpu;
  const models = new Map<ModelRoot, ActiveModel>();
  const tokenizers = new Map<ModelRoot, ModelTokenizer>();
  const rate = createTokenRate(() => performance.now());
  let opened: Promise<OpenGpu> | undefined;
  let loading: Promise<unknown> = Promise.resolve();
  let stopping = new AbortController();
  let readings = 0;
  /** Where each running sequence runs. */
  const active = new Map<string, Scheduler>();

  const dropModels = (code: string, message: string) => {
    for (const { scheduler, loaded } of models.values()) {
      scheduler.stop(code, message);
      loaded.memory.freeAll();
    }
    models.clear();
  };

  const open = async (): Promise<OpenGpu> => {
    const gpu = await openGpu(gpuSource);
    void gpu.lost.then((error) => {
      opened = undefined;
      if (error) dropModels(error.code, error.message);
    });
    return { gpu, cache: createPipelineCache(gpu.device) };
  };

  const ensureGpu = () => {
    opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    });
    return opened;
  };

  const activate = async (
    source: ModelSource,
    options: LoadOptions,
    onProgress: (done: number, total: number) => void,
  ) => {
    const known = models.get(source.root);
    if (known) return known.report;
    const { gpu, cache } = await ensureGpu();
    const loaded = await loadModel(gpu, cache, store, source, options, onProgress, stopping.signal);
    const tokenizer = tokenizers.get(source.root) ?? createModelTokenizer(loaded.header);
    tokenizers.set(source.root, tokenizer);
    const explain = (error: unknown) => lostOr(gpu, error);
    const scheduler = createScheduler({
      runner: loaded.runner,
      explain,
      onTokens: rate.add,
      now: () => performance.now(),
    });
    const report = reportOf(loaded, tokenizer);
    if (gpu.lostError) throw forget(loaded, gpu.lostError);
    models.set(source.root, { loaded, scheduler, report });
    return report;
  };

  const modelOf = (root: ModelRoot): ActiveModel => {
    const model = models.get(root);
    if (!model) throw new EngineError('model-not-loaded', `model ${root} is not loaded; load it first`, { name: root });
    return model;
  };

  const tokenizerOf = (root: ModelRoot): ModelTokenizer => {
    const tokenizer = tokenizers.get(root);
    if (!tokenizer)
      throw new EngineError('tokenizer-not-open', `the header of model ${root} is not open; open it first`, {
        name: root,
      });
    return tokenizer;
  };

  const api = {
    /** What this device offers, without allocating on it. @throws {GpuError} `no-webgpu`, `no-adapter` */
    probe: (): Promise<DeviceReport> => probeGpu(gpuSource),

    /**
     * Reads a model from the store onto the GPU; one at a time. A model that is loaded already only reports.
     *
     * @throws {GpuError}, {WeightsError}, {EngineError} `model-unsupported`, `model-invalid`; AbortError after `stop`
     */
    async loadModel(
      source: ModelSource,
      onProgress: (doneBytes: number, totalBytes: number) => void,
      options: LoadOptions = {},
    ): Promise<ModelReport> {
      const turn = loading.then(() => activate(source, options, onProgress));
      loading = turn.catch(() => undefined);
      try {
        return await turn;
      } finally {
        release(onProgress);
      }
    },

    /** Frees a model; its sequences fail with `model-not-loaded`. Its tokenizer stays open. */
    async unloadModel(root: ModelRoot): Promise<void> {
      const model = models.get(root);
      if (!model) return;
      models.delete(root);
      model.scheduler.stop('model-not-loaded', `engine: model ${root} was unloaded`);
      model.loaded.memory.freeAll();
    },

    /** Makes a model's tokenizer ready from the first bytes of its file, without weights and GPU. */
    async openTokenizer(
      root: ModelRoot,
      headerBytes: Uint8Array,
    ): Promise<{ contextTokens: number; hasChatTemplate: boolean }> {
      const header = parseGgufHeader(headerBytes);
      const tokenizer = tokenizers.get(root) ?? createModelTokenizer(header);
      tokenizers.set(root, tokenizer);
      const architecture = header.metadata.requireText('general.architecture');
      const contextTokens = header.metadata.requireNumber(`${architecture}.context_length`);
      return { contextTokens, hasChatTemplate: tokenizer.hasChatTemplate };
    },

    /** @throws {EngineError} `tokenizer-not-open` */
    encodePrompt: async (root: ModelRoot, text: string): Promise<Uint32Array<ArrayBuffer>> =>
      tokenizerOf(root).encode(text),

    /** @throws {EngineError} `tokenizer-not-open`, `no-chat-template`, `chat-template-failed` */
    encodeChat: async (root: ModelRoot, messages: readonly ChatMessage[]): Promise<Uint32Array<ArrayBuffer>> =>
      tokenizerOf(root).encodeChat(messages),

    /** @throws {EngineError} `tokenizer-not-open` */
    decode: async (root: ModelRoot, tokens: Uint32Array): Promise<string> => tokenizerOf(root).decode(tokens),

    /** Continues a sequence; resolves after its last event, `done` or `failed`, and never rejects for the request's sake. */
    generate(request: SequenceRequest, listener: (event: EngineEvent) => void): Promise<void> {
      return new Promise((resolve) => {
        const emit = (event: EngineEvent) => {
          tell(listener, event);
          if (event.t === 'token') return;
          active.delete(request.id);
          release(listener);
          resolve();
        };
        try {
          const { loaded, scheduler } = modelOf(request.model);
          checkRequest(request, {
            contextTokens: loaded.contextTokens,
            vocabulary: loaded.runner.config.vocabulary,
            isActive: active.has(request.id),
          });
          active.set(request.id, scheduler);
          const { contextTokens, numericClass } = loaded;
          scheduler.add(
            createGeneration({ request, tokenizer: tokenizerOf(request.model), contextTokens, numericClass, emit }),
          );
        } catch (error) {
          tell(listener, failureOf(request.id, error));
          release(listener);
          resolve();
        }
      });
    },

    /** Ends a sequence; its `done` event says `cancelled`. Nothing happens if it is not running. */
    async cancel(id: string): Promise<void> {
      active.get(id)?.cancel(id);
    },

    /** Teacher-forced log-probabilities, for checking a model against another engine's. */
    score(root: ModelRoot, tokens: Uint32Array): Promise<TokenScores> {
      return new Promise((resolve, reject) => {
        const { loaded, scheduler } = modelOf(root);
        const { vocabulary } = loaded.runner.config;
        const id = `score-${readings++}`;
        const sampling = { temperature: 0, topK: 0, topP: 1, seed: 0 };
        const request = { id, model: root, prompt: tokens, maxTokens: 1, sampling, record: 0, stop: [] };
        checkRequest(request, { contextTokens: loaded.contextTokens + 1, vocabulary, isActive: false });
        if (tokens.length * vocabulary > MAX_SCORES)
          throw new EngineError('request-invalid', `score of ${tokens.length} tokens is too large`, {
            value: tokens.length,
          });
        const logProbabilities = new Float32Array(tokens.length * vocabulary);
        const onLogits = (position: number, logits: Float32Array) =>
          logProbabilities.set(logSoftmax(logits), position * vocabulary);
        const onEnd = (failure?: { readonly message: string }) =>
          failure
            ? reject(new EngineError('model-not-loaded', failure.message))
            : resolve({ vocabulary, logProbabilities });
        scheduler.add(createReading(id, Array.from(tokens), onLogits, onEnd));
      });
    },

    async stats(): Promise<EngineStats> {
      const all = [...models.values()];
      return {
        running: all.reduce((sum, { scheduler }) => sum + scheduler.running, 0),
        waiting: all.reduce((sum, { scheduler }) => sum + scheduler.waiting, 0),
        gpuBytes: all.reduce((sum, { loaded }) => sum + loaded.memory.allocatedBytes, 0),
        tokensPerSecond: rate.perSecond(),
        tokensTotal: rate.total,
      };
    },

    /** Ends everything by name and gives the GPU back; the engine may be used again. */
    async stop(): Promise<void> {
      stopping.abort();
      stopping = new AbortController();
      await loading;
      dropModels('engine-stopped', 'engine: stopped');
      tokenizers.clear();
      const closing = opened;
      opened = undefined;
      await closing?.then(({ gpu }) => gpu.close()).catch(() => undefined);
    },
  };
  return api;
}

function forget(loaded: LoadedModel, error: GpuError): GpuError {
  loaded.memory.freeAll();
  return error;
}

function reportOf(
  { root, runner, header, weightBytes, kvBytesPerToken, contextTokens }: LoadedModel,
  tokenizer: ModelTokenizer,
): ModelReport {
  return {
    root,
    architecture: header.metadata.requireText('general.architecture'),
    contextTokens,
    vocabulary: runner.config.vocabulary,
    layers: runner.config.layers,
    weightBytes,
    kvBytesPerToken,
    slots: runner.state.limits.slots,
    hasChatTemplate: tokenizer.hasChatTemplate,
  };
}

/** A listener's own fault is not the engine's. */
function tell(listener: (event: EngineEvent) => unknown, event: EngineEvent): void {
  try {
    Promise.resolve(listener(event)).catch(() => undefined);
  } catch {
    // As above, for a listener of this realm.
  }
}

/** Work on a lost device fails with errors of many names, at times before the loss itself is told. */
async function lostOr(gpu: GpuDevice, error: unknown): Promise<unknown> {
  if (error instanceof AppError) return error;
  return (await Promise.race([gpu.lost, delay(systemClock, LOSS_GRACE_MS)])) ?? error;
}

function failureOf(id: string, error: unknown): EngineEvent {
  const code = error instanceof EngineError ? error.code : 'internal';
  return { t: 'failed', id, code, message: error instanceof Error ? error.message : String(error) };
}

function logSoftmax(logits: Float32Array): Float32Array {
  const top = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const mass = logits.reduce((sum, v) => sum + Math.exp(v - top), 0);
  return logits.map((v) => v - top - Math.log(mass));
}

/** Closes the message port behind a callback that came over comlink; a plain function has none. */
function release(callback: object): void {
  (callback as { [releaseProxy]?: () => void })[releaseProxy]?.();
}
