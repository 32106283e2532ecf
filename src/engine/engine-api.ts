import type { AdapterRoot, ModelRoot } from '../base/branded.ts';

/** How the next token is drawn. Reproducible from these numbers, the record and the position alone. */
export interface Sampling {
  /** 0 is greedy: the likeliest token, the lowest id on a tie. */
  readonly temperature: number;
  /** Keep this many likeliest tokens; 0 keeps all. */
  readonly topK: number;
  /** Keep the likeliest tokens up to this probability mass; 1 keeps all. */
  readonly topP: number;
  /** u32 */
  readonly seed: number;
}

/** What an answer must be: JSON that fulfils a schema (2020-12, see `constraint/schema.ts`), or one of several texts. */
export type Constraint = { readonly schema: unknown } | { readonly choices: readonly string[] };

/** One sequence to continue. */
export interface SequenceRequest {
  /** Unique among running sequences of this engine. */
  readonly id: string;
  readonly model: ModelRoot;
  /** Token ids of the prompt, at least one, as the model's tokenizer made them. */
  readonly prompt: Uint32Array;
  readonly maxTokens: number;
  readonly sampling: Sampling;
  /** Record id of the counter generator: the same work in another fragment draws the same numbers. */
  readonly record: number;
  /** Generation ends before the text that contains one of these. */
  readonly stop: readonly string[];
  /** Whether each token comes with its log-probability. */
  readonly logProbabilities?: boolean;
  /** A loaded adapter of this model that changes it for this sequence alone. */
  readonly adapter?: AdapterRoot;
  /** Only tokens that keep to it are drawn; probabilities are those among them. An answer cut by `maxTokens` is unfinished. */
  readonly constraint?: Constraint;
  /** Who asks, by any name: requesters that wait get fair shares of this device. Undefined: its own person. */
  readonly requester?: string;
}

/** What a running sequence reports, in order; the last event of a sequence is `done` or `failed`. */
export type EngineEvent =
  /** `text` may be empty while a character is incomplete or could begin a stop string. */
  | {
      readonly t: 'token';
      readonly id: string;
      readonly token: number;
      readonly text: string;
      /** Natural, of the whole softmax at temperature 1; where it was asked for. */
      readonly logProbability?: number;
    }
  | {
      readonly t: 'done';
      readonly id: string;
      readonly finish: 'stop' | 'length' | 'cancelled';
      /** Generated ids without the prompt and without the end token; with a stop string, up to and with the token that completed it. */
      readonly tokens: Uint32Array;
      /** Their text, cut before the stop string. */
      readonly text: string;
      readonly promptTokens: number;
      readonly numericClass: string;
    }
  | { readonly t: 'failed'; readonly id: string; readonly code: string; readonly message: string };

/** What this device can compute with, read without allocating anything on it. */
export interface DeviceReport {
  readonly vendor: string;
  readonly architecture: string;
  readonly description: string;
  readonly isSoftware: boolean;
  readonly hasF16: boolean;
  readonly hasSubgroups: boolean;
  readonly maxBufferBytes: number;
  readonly maxBindingBytes: number;
}

/** What is known of a model once its header is read. */
export interface ModelReport {
  readonly root: ModelRoot;
  readonly architecture: string;
  readonly contextTokens: number;
  readonly vocabulary: number;
  readonly layers: number;
  readonly weightBytes: number;
  readonly kvBytesPerToken: number;
  /** Sequences that may run at once. */
  readonly slots: number;
  readonly hasChatTemplate: boolean;
}

/** What is known of a loaded adapter. */
export interface AdapterReport {
  /** Greatest rank of its pairs. */
  readonly rank: number;
  /** f32 numbers and the padding of their pages. */
  readonly sizeBytes: number;
}

export interface EngineStats {
  readonly running: number;
  readonly waiting: number;
  readonly gpuBytes: number;
  /** Decoded tokens a second over the last few seconds, all sequences together. */
  readonly tokensPerSecond: number;
  readonly tokensTotal: number;
  /** Prompt tokens that were computed, and those that were found computed already by a sequence that began alike. */
  readonly promptTokensComputed: number;
  readonly promptTokensShared: number;
  /** How much longer steps take now than they usually do, 1 at the usual pace; undefined while nothing runs. */
  readonly slowdown: number | undefined;
  /** Times that the GPU was lost and replaced. */
  readonly deviceLosses: number;
}

export interface ChatMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}
