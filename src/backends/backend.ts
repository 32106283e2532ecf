import type { ModelFiles } from '../weights/index.ts';

/** What a backend can be asked for. */
export type BackendTask =
  | 'completion'
  | 'chat'
  | 'embedding'
  | 'text-classification'
  | 'zero-shot-classification'
  | 'speech-to-text';

/** A library that runs models of one layout of files, fed from this device's content store alone. */
export interface Backend {
  readonly name: 'starling' | 'wllama' | 'transformers.js' | 'web-llm';
  /**
   * Reads a model from the store and makes it ready.
   *
   * @throws {BackendError} `files-missing`, `task-unsupported`, `model-invalid`; {WeightsError}; AbortError
   */
  load(files: ModelFiles, options: LoadBackend): Promise<BackendModel>;
}

export interface LoadBackend {
  /** What the model will be asked for: the same files may serve several tasks. */
  readonly task: BackendTask;
  readonly signal?: AbortSignal;
}

/** A loaded model. A method that it lacks throws `task-unsupported`; after `close` all throw `model-closed`. */
export interface BackendModel {
  readonly tasks: readonly BackendTask[];
  /** Continues a prompt or answers a chat; `onText` gets the text as it grows. @throws {BackendError}, AbortError */
  complete(request: CompletionRequest, options?: CompletionOptions): Promise<Completion>;
  /** (texts) vectors of length 1 (L2), mean-pooled. @throws {BackendError} */
  embed(texts: readonly string[]): Promise<Float32Array[]>;
  /** The model's own labels, the likeliest first; probabilities sum to 1. @throws {BackendError} */
  classify(text: string): Promise<readonly LabelScore[]>;
  /** Given labels by entailment, the likeliest first; probabilities sum to 1. @throws {BackendError} */
  choose(text: string, labels: readonly string[]): Promise<readonly LabelScore[]>;
  /** @param samples mono at 16 kHz, −1 to 1. @throws {BackendError} */
  transcribe(samples: Float32Array): Promise<string>;
  /** Frees it; running calls fail. */
  close(): Promise<void>;
}

export interface CompletionRequest {
  readonly prompt: string | readonly { readonly role: 'system' | 'user' | 'assistant'; readonly content: string }[];
  readonly maxTokens: number;
  /** 0 is greedy. */
  readonly temperature: number;
  /** u32 */
  readonly seed: number;
  readonly stop?: readonly string[];
}

export interface CompletionOptions {
  readonly onText?: (piece: string) => void;
  readonly signal?: AbortSignal;
}

export interface Completion {
  readonly text: string;
  readonly finish: 'stop' | 'length';
  readonly promptTokens: number;
  readonly completionTokens: number;
}

export interface LabelScore {
  readonly label: string;
  /** Probability. */
  readonly score: number;
}
