import type { JobId, ModelRoot } from '../base/branded.ts';
import type { LogEntry } from '../base/logger.ts';
import type { AdapterWeights, ChatMessage, Constraint } from '../engine/index.ts';
import type { Limits } from './governor/signals.ts';
import type { NodeSnapshot } from './snapshot.ts';
import type { Studio } from './studio/studio.ts';

/** What a person agreed to by a click on this device, kept with the text's version so that it can be shown again. */
export interface Consent {
  readonly textVersion: string;
  readonly atMs: number;
  readonly model: ModelRoot;
}

export interface ChatOptions {
  readonly model: ModelRoot;
  readonly messages: readonly ChatMessage[];
  readonly temperature: number;
  readonly maxTokens: number;
  /** The answer keeps to it. */
  readonly constraint?: Constraint;
  /** Answers as this adapter of the model would. */
  readonly adapter?: AdapterWeights;
  /** Go on with the last message's text, also where the model has a chat template. */
  readonly isPlain?: boolean;
  /** 32 bits; the same seed draws the same answer on the same model. Undefined: another one each time. */
  readonly seed?: number;
  readonly onText: (text: string) => void;
  readonly signal: AbortSignal;
}

/**
 * One device's node, as the interface sees it. Until one of its methods is called because a person clicked, nothing is
 * connected, downloaded or computed.
 */
export interface StarlingNode {
  snapshot(): NodeSnapshot;
  onChange(listener: () => void): () => void;
  onLog(listener: (entry: LogEntry) => void): () => void;
  /** Reads what the operator offers: a small JSON file from the page's own server. */
  readOffer(): Promise<void>;
  /** Downloads the model if needed, joins the swarm and serves. @throws {NodeError} */
  contribute(consent: Consent): Promise<void>;
  /**
   * Stops computing within 250 ms, hands leases back, stays connected.
   *
   * @param forMs after which it goes on by itself
   */
  pause(forMs?: number): void;
  resume(): void;
  /** What the person allows from now on, kept on this device. */
  setLimits(limits: Limits): void;
  /** Leaves the swarm and frees the GPU. Models stay on the device. */
  stop(): Promise<void>;
  /** Makes this tab the node instead of another page of this browser, and goes on with what was agreed to. */
  takeOver(): Promise<void>;
  /**
   * Makes this tab the node, without starting anything.
   *
   * @param isWanted by a person's click: another page that is the node stops for it
   * @returns false if another page is the node and stays it
   */
  claim(isWanted: boolean): Promise<boolean>;
  download(root: ModelRoot): Promise<void>;
  /** Takes an offered model from a file that this device has already. @throws {NodeError} `unknown-file` */
  takeModelFile(file: File): Promise<void>;
  cancelDownload(root: ModelRoot): Promise<void>;
  deleteModel(root: ModelRoot): Promise<void>;
  /**
   * Tells the swarm of an adapter that was made on this device, and seeds it while the node runs.
   *
   * @throws {NodeError} `not-shareable`, `elsewhere`; {AdapterError} `adapter-lineage`
   */
  shareAdapter(root: ModelRoot): Promise<void>;
  withdrawAdapter(root: ModelRoot): Promise<void>;
  /** The GGUF file of a held model, byte for byte. */
  exportModel(root: ModelRoot): Promise<ReadableStream<Uint8Array>>;
  /**
   * Runs an OpenAI Batch JSONL file.
   *
   * @param where `swarm`: by whoever serves, this device included if it serves; `device`: by this device alone
   * @param adapter of the shelf, for lines that name none
   */
  submitBatch(file: File, where: 'swarm' | 'device', adapter?: ModelRoot): Promise<JobId>;
  /** Goes on with a job of an earlier visit. */
  resumeJob(id: JobId): Promise<void>;
  cancelJob(id: JobId): Promise<void>;
  removeJob(id: JobId): Promise<void>;
  /** Output and error lines in input order; complete once the job is done. */
  jobFiles(id: JobId): Promise<{ readonly output: Blob; readonly errors: Blob }>;
  /** Streams an answer computed on this device. Rejects with `AbortError` when stopped. */
  chat(options: ChatOptions): Promise<void>;
  /** Where a model is taught on this device. @throws {NodeError} `elsewhere` */
  openStudio(): Promise<Studio>;
  /** Counters by name, e.g. `reissues`: for tests and the curious. */
  metrics(): Readonly<Record<string, number>>;
}
