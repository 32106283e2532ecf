import type { AdapterRoot, ModelRoot } from '../base/branded.ts';
import type { AdapterWeights } from './adapters/adapter-weights.ts';
import { openGpu, probeGpu } from '../gpu/index.ts';
import { parseGgufHeader, type PieceStore } from '../weights/index.ts';
import { benchDevice, type BenchOptions, type BenchReport, type BenchRow } from './bench/bench-device.ts';
import { releaseCallback, tell } from './callback.ts';
import type {
  AdapterReport,
  ChatMessage,
  Constraint,
  DeviceReport,
  EngineEvent,
  EngineStats,
  ModelReport,
  SequenceRequest,
} from './engine-api.ts';
import { embedTokens, scoreChoices, type Pooling } from './embed-tokens.ts';
import { EngineError } from './errors.ts';
import type { LoadOptions } from './model/load-model.ts';
import type { ModelSource } from './model/upload-weights.ts';
import { ModelShelf } from './model-shelf.ts';
import { checkRequest } from './scheduler/check-request.ts';
import type { Scheduler } from './scheduler/scheduler.ts';
import { createGeneration } from './scheduler/sequence.ts';
import { constraintGrammar, type TokenConstraint } from './constraint/token-constraint.ts';
import { scoreTokens, type TokenScores } from './score-tokens.ts';
import { createMemoryTunings, withMemory, type TuningStore } from './tuning/tuning-store.ts';
import { createTokenRate } from './token-rate.ts';
import { createModelTokenizer, type ModelTokenizer } from './tokenizer/model-tokenizer.ts';

export interface EngineComponents {
  readonly store: PieceStore;
  /** Where the GPU comes from; the realm's own by default, Dawn's in Node. */
  readonly gpu?: GPU;
  /** Where the fastest variants of devices are kept from one visit to the next; by default they are measured each time. */
  readonly tunings?: TuningStore;
}

/** The engine's methods, all of which may be called over comlink. */
export type EngineApi = ReturnType<typeof createEngineApi>;

/**
 * The engine: models from the piece store onto the GPU, sequences batched over them. Every method rejects with an
 * `EngineError`, `GpuError` or `WeightsError`. A lost device is replaced, its models loaded again, and its sequences
 * go on to the same tokens; only if it is lost again and again without a token, or cannot be had again, do they end with
 * `failed` events of code `device-lost` or of what was in the way, and the models are forgotten.
 */
export function createEngineApi(components: EngineComponents) {
  const gpu = 'gpu' in components ? components.gpu : (navigator as { gpu?: GPU }).gpu;
  const tunings = components.tunings ? withMemory(components.tunings) : createMemoryTunings();
  const rate = createTokenRate(() => performance.now());
  const shelf = new ModelShelf({ store: components.store, gpu, tunings, onTokens: rate.add });
  /** Where each generation runs or is made ready, by its id. */
  const active = new Map<string, Pick<Scheduler, 'cancel'>>();
  let readings = 0;

  const tokenizerOf = (root: ModelRoot): ModelTokenizer => {
    const tokenizer = shelf.tokenizers.get(root);
    if (tokenizer) return tokenizer;
    throw new EngineError('tokenizer-not-open', `the header of model ${root} is not open; open it first`, {
      name: root,
    });
  };

  const begin = (request: SequenceRequest, emit: (event: EngineEvent) => void) => {
    const { loaded, scheduler, adapters, constraints } = shelf.get(request.model);
    const { contextTokens, numericClass, runner } = loaded;
    checkRequest(request, { contextTokens, vocabulary: runner.config.vocabulary, isActive: active.has(request.id) });
    const tokenizer = tokenizerOf(request.model);
    const adapter = request.adapter === undefined ? undefined : adapters.acquire(request.adapter);
    const forgetAndEmit = (event: EngineEvent) => {
      if (event.t !== 'token') active.delete(request.id);
      if (event.t !== 'token' && adapter) adapters.release(adapter);
      emit(event);
    };
    const create = (constraint: TokenConstraint | undefined) =>
      createGeneration({ request, tokenizer, contextTokens, numericClass, adapter, constraint, emit: forgetAndEmit });
    const start = (constraint: TokenConstraint | undefined) => {
      active.set(request.id, scheduler);
      scheduler.add(create(constraint));
    };
    if (!request.constraint) {
      start(undefined);
      return;
    }
    const preparing = new AbortController();
    const cancel = () => {
      preparing.abort();
      create(undefined).cancel();
      return true;
    };
    active.set(request.id, { cancel });
    constraints.create(request.constraint).then(
      (constraint) => (preparing.signal.aborted ? constraint.dispose() : start(constraint)),
      (error: unknown) => {
        if (!preparing.signal.aborted) forgetAndEmit(failureOf(request.id, error));
      },
    );
  };

  return {
    /** What this device offers, without allocating on it. @throws {GpuError} `no-webgpu`, `no-adapter` */
    probe: (): Promise<DeviceReport> => probeGpu(gpu),

    /**
     * Measures decode steps of random models on a device opened for it; lines come as they are measured.
     * @throws {GpuError}, {EngineError} `kernel-wrong`
     */
    async benchmark(options: BenchOptions, onRow: (row: BenchRow) => void): Promise<BenchReport> {
      const opened = await openGpu(gpu);
      let told = Promise.resolve();
      try {
        return await benchDevice(opened, options, (row) => {
          told = tell(onRow, row);
        });
      } finally {
        await told;
        releaseCallback(onRow);
        opened.close();
      }
    },

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
      let told = Promise.resolve();
      try {
        return await shelf.load(source, options, (done, total) => {
          told = tell(() => onProgress(done, total), undefined);
        });
      } finally {
        await told;
        releaseCallback(onProgress);
      }
    },

    /** Frees a model; its sequences fail with `model-not-loaded`. Its tokenizer stays open. */
    unloadModel: async (root: ModelRoot): Promise<void> => shelf.unload(root),

    /**
     * Makes an adapter ready for sequences of a loaded model, beside any others; it comes to the GPU with the first that
     * names it. One that is loaded already only reports.
     *
     * @throws {EngineError} `model-not-loaded`, `adapter-invalid`, `adapter-too-large`; {GpuError} `out-of-memory`
     */
    async loadAdapter(model: ModelRoot, adapter: AdapterRoot, weights: AdapterWeights): Promise<AdapterReport> {
      const { adapters, loaded } = shelf.get(model);
      const packed = adapters.load(adapter, weights);
      try {
        await loaded.runner.adapters.reserve(packed);
      } catch (error) {
        adapters.unload(adapter);
        throw error;
      }
      return { rank: packed.rank, sizeBytes: packed.sizeBytes };
    },

    /** Takes no more sequences for it; those that have it go on. */
    unloadAdapter: async (model: ModelRoot, adapter: AdapterRoot): Promise<void> =>
      shelf.get(model).adapters.unload(adapter),

    /** The adapters that sequences of a model may name. @throws {EngineError} `model-not-loaded` */
    adaptersOf: async (model: ModelRoot): Promise<AdapterRoot[]> => shelf.get(model).adapters.roots,

    /** Makes a model's tokenizer ready from the first bytes of its file, without weights and GPU. */
    async openTokenizer(
      root: ModelRoot,
      headerBytes: Uint8Array,
    ): Promise<{ contextTokens: number; hasChatTemplate: boolean }> {
      const header = parseGgufHeader(headerBytes);
      const architecture = header.metadata.requireText('general.architecture');
      const contextTokens = header.metadata.requireNumber(`${architecture}.context_length`);
      const tokenizer = shelf.tokenizers.get(root) ?? createModelTokenizer(header);
      shelf.tokenizers.set(root, tokenizer);
      return { contextTokens, hasChatTemplate: tokenizer.hasChatTemplate };
    },

    /**
     * Whether answers can be held to it.
     *
     * @throws {EngineError} `constraint-invalid`, `constraint-unsupported`, `constraint-unsatisfiable`,
     * `constraint-too-large`
     */
    checkConstraint: async (constraint: Constraint): Promise<void> => void constraintGrammar(constraint),

    /** @throws {EngineError} `tokenizer-not-open` */
    encodePrompt: async (root: ModelRoot, text: string): Promise<Uint32Array<ArrayBuffer>> =>
      tokenizerOf(root).encode(text),

    /** @throws {EngineError} `tokenizer-not-open`, `no-chat-template`, `chat-template-failed` */
    encodeChat: async (root: ModelRoot, messages: readonly ChatMessage[]): Promise<Uint32Array<ArrayBuffer>> =>
      tokenizerOf(root).encodeChat(messages),

    /** @throws {EngineError} `tokenizer-not-open` */
    decode: async (root: ModelRoot, tokens: Uint32Array): Promise<string> => tokenizerOf(root).decode(tokens),

    /**
     * Continues a sequence; resolves after its last event, `done` or `failed`, and never rejects for the request's sake.
     * The texts of `token` events make a beginning of the text of `done`, which may end with what was held back.
     */
    generate(request: SequenceRequest, listener: (event: EngineEvent) => void): Promise<void> {
      return new Promise((resolve) => {
        const emit = (event: EngineEvent) => {
          const told = tell(listener, event);
          if (event.t === 'token') return;
          // The listener has a message port of its own, whose messages may arrive after the promise's.
          void told.then(() => {
            releaseCallback(listener);
            resolve();
          });
        };
        try {
          begin(request, emit);
        } catch (error) {
          emit(failureOf(request.id, error));
        }
      });
    },

    /** Ends a sequence at once; its `done` event says `cancelled`. Nothing happens if it is not running. */
    cancel: async (id: string): Promise<void> => void active.get(id)?.cancel(id),

    /** Teacher-forced log-probabilities, for checking a model against another engine. @throws {EngineError} */
    score: async (root: ModelRoot, tokens: Uint32Array): Promise<TokenScores> =>
      scoreTokens(shelf.get(root), `score-${readings++}`, tokens),

    /** A vector of length 1 for a text. @throws {EngineError} */
    embed: async (root: ModelRoot, tokens: Uint32Array, pooling: Pooling): Promise<Float32Array<ArrayBuffer>> =>
      embedTokens(shelf.get(root), `embed-${readings++}`, tokens, pooling),

    /**
     * Probabilities of given continuations of a prompt, by the mean log-probability of their tokens; they sum to 1.
     *
     * @throws {EngineError}
     */
    async choose(root: ModelRoot, prompt: string, choices: readonly string[]): Promise<Float64Array<ArrayBuffer>> {
      const { encode } = tokenizerOf(root);
      const texts = choices.map((choice) => encode(prompt + choice));
      // Where a choice begins, tokens may join both: those that all texts have in common are the prompt's.
      const ids = encode(prompt);
      const agreeing = texts.map((text) => ids.findIndex((token, i) => token !== text[i]));
      const promptTokens = Math.max(1, Math.min(ids.length, ...agreeing.filter((at) => at >= 0)));
      const scores = await scoreChoices(shelf.get(root), `choose-${readings++}`, promptTokens, texts);
      const weights = scores.map((score) => Math.exp(score - Math.max(...scores)));
      const whole = weights.reduce((a, b) => a + b, 0);
      return weights.map((weight) => weight / whole);
    },

    async stats(): Promise<EngineStats> {
      const sum = (of: (model: (typeof shelf.models)[number]) => number) =>
        shelf.models.reduce((total, model) => total + of(model), 0);
      return {
        running: sum(({ scheduler }) => scheduler.running),
        waiting: sum(({ scheduler }) => scheduler.waiting),
        gpuBytes: sum(({ loaded }) => loaded.memory.allocatedBytes),
        tokensPerSecond: rate.perSecond(),
        tokensTotal: rate.total,
        promptTokensComputed: sum(({ scheduler }) => scheduler.promptTokensComputed),
        promptTokensShared: sum(({ scheduler }) => scheduler.promptTokensShared),
        slowdown: slowest(shelf.models.map(({ scheduler }) => scheduler.slowdown)),
        deviceLosses: shelf.losses,
      };
    },

    /**
     * How much of the GPU's time requests with a `requester` may take, 0 to 1, in windows of 50 ms. Requests without one
     * are this device's own and never wait for it.
     */
    setShare: async (share: number): Promise<void> => {
      shelf.duty.share = share;
    },

    /** Ends everything by name and gives the GPU back; the engine may be used again. */
    stop: (): Promise<void> => shelf.stop(),
  };
}

function failureOf(id: string, error: unknown): EngineEvent {
  const code = error instanceof EngineError ? error.code : 'internal';
  return { t: 'failed', id, code, message: error instanceof Error ? error.message : String(error) };
}

function slowest(slowdowns: readonly (number | undefined)[]): number | undefined {
  const measured = slowdowns.filter((each) => each !== undefined);
  return measured.length > 0 ? Math.max(...measured) : undefined;
}
