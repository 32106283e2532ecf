import type { AdapterRoot, ModelRoot, PeerId } from '../base/branded.ts';
import type { Bytes } from '../base/bytes.ts';
import type { WorkRecord } from '../protocol/index.ts';

/** Carries signed bytes between this node and one peer at a time, in order, or fails. Supplied by `node`. */
export interface Channel {
  readonly self: PeerId;
  /** Resolves when the bytes are handed over; rejects if the peer cannot be reached. */
  send(peer: PeerId, bytes: Bytes): Promise<void>;
  onMessage(listener: (peer: PeerId, bytes: Uint8Array) => void): () => void;
  /** The peer is gone: its streams are closed. */
  onGone(listener: (peer: PeerId) => void): () => void;
}

/** What one record came to on this device. */
export type RecordOutcome =
  | {
      readonly t: 'result';
      readonly record: number;
      /** Generated ids without the prompt. */
      readonly tokens: Uint32Array;
      readonly finish: 'stop' | 'length';
      readonly numericClass: string;
    }
  /** `adapter-unavailable`: this device cannot have the record's adapter, or it is not one of the model. */
  | { readonly t: 'fault'; readonly record: number; readonly code: string; readonly reason: string };

/** Computes records on this device. Supplied by `node` over the engine. */
export interface Executor {
  /** Sequences that could start now for this model; 0 if it is not loaded or the person paused. */
  freeSlots(model: ModelRoot): number;
  /**
   * Computes all records for a requester, each with the adapter that it names, reporting each as it ends; resolves when all were reported.
   *
   * Rejects with `AbortError` within 250 ms of an abort, and with a named error if the device is lost.
   */
  run(
    model: ModelRoot,
    requester: PeerId,
    records: readonly WorkRecord[],
    report: (outcome: RecordOutcome) => void,
    progress: (tokensDone: number) => void,
    signal: AbortSignal,
  ): Promise<void>;
}

/** A peer that could be offered work now; the local node is one of them. */
export interface Candidate {
  readonly peer: PeerId;
  readonly freeSlots: number;
  /** Advertised or measured, whichever is newer; 0 if unknown. */
  readonly tokensPerSecond: number;
  /** Adapters of the model that it has; where a record names another it must fetch it first, if it can. */
  readonly adapters?: readonly { readonly root: AdapterRoot; readonly isWarm: boolean }[] | undefined;
}

/** Who serves a model now. Supplied by `node` from presence. */
export interface Directory {
  candidates(model: ModelRoot): readonly Candidate[];
  onChange(listener: () => void): () => void;
}

/** Text in, token ids out and back, for one model; needs its header only. Supplied by `node`. */
export interface Tokens {
  readonly contextTokens: number;
  encodePrompt(text: string): Promise<Uint32Array>;
  /** @throws a named error if the model has no chat template or refuses these messages */
  encodeChat(messages: readonly { readonly role: string; readonly content: string }[]): Promise<Uint32Array>;
  /** Rejects, saying why, if answers cannot be held to this JSON Schema. */
  checkSchema(schema: unknown): Promise<void>;
  /** Special tokens left out. */
  decode(tokens: Uint32Array): Promise<string>;
}

/** Keeps job state over reloads; keys are ours. IndexedDB in the page, a Map in tests. */
export interface KeyValueStore {
  get(key: string): Promise<unknown>;
  set(key: string, value: unknown): Promise<void>;
  delete(key: string): Promise<void>;
  keys(): Promise<readonly string[]>;
}
