import type { JobId, ModelRoot, PeerId } from '../base/branded.ts';
import type { JobFiles } from './job-output.ts';
import type { JobView } from './job-view.ts';
import type { NameComponents } from './line-target.ts';
import type { Directory, KeyValueStore, Tokens } from './ports.ts';
import type { LinkComponents } from './work-link.ts';

export interface RequesterComponents extends LinkComponents, NameComponents {
  readonly directory: Directory;
  readonly store: KeyValueStore;
  /** Tokenizer of a model; asked for once a model, again after a rejection. */
  readonly tokensFor: (root: ModelRoot) => Promise<Tokens>;
  /** Uniform u32 from a secure source: a job's shuffle and missing seeds derive from it. */
  readonly randomU32: () => number;
}

export interface BatchSubmission {
  /** OpenAI Batch JSONL. Read once, in pieces; not needed afterwards. */
  readonly file: Blob;
  readonly fileName: string;
  /** Compute on this peer alone, e.g. this node itself. */
  readonly only?: PeerId | undefined;
  /** Name or root of the adapter for lines that name none. */
  readonly adapter?: string | undefined;
}

/** Runs batches: cuts them into fragments, has peers compute them, keeps what comes back. Several at once. */
export interface Requester {
  /**
   * Reads and checks the whole file, then starts. The job is in `views` as `preparing` meanwhile.
   *
   * @throws {WorkError} `empty-batch`, `batch-too-large` or `stopped`; errors of `tokensFor`; `AbortError` if cancelled
   *   meanwhile. Nothing of the job is kept then.
   */
  submit(batch: BatchSubmission): Promise<JobId>;
  /** Finds the jobs of earlier visits without starting them, and removes what an interrupted `submit` left. */
  list(): Promise<readonly JobView[]>;
  /**
   * Goes on with an interrupted or failed job; nothing settled is computed again. Harmless if it runs or is over.
   *
   * @throws {WorkError} `job-unknown`, `job-damaged`, `stopped`; errors of `tokensFor`
   */
  resume(id: JobId): Promise<void>;
  /** Ends the job and keeps what was answered; what is still computed is called off. Harmless if it is over. */
  cancel(id: JobId): Promise<void>;
  /** Cancels and forgets the job with all its answers. */
  remove(id: JobId): Promise<void>;
  /** @throws {WorkError} `job-unknown`, `job-state` while it is prepared, `job-damaged` */
  outputFiles(id: JobId): Promise<JobFiles>;
  /** @throws {WorkError} `job-unknown` */
  view(id: JobId): JobView;
  /** Oldest first. */
  views(): readonly JobView[];
  /** Called after changes, several of them together. */
  onChange(listener: () => void): () => void;
  /** Counters since this requester was made, by name. */
  metrics(): Readonly<Record<string, number>>;
  /** Hands everything back and keeps it for the next visit; the requester is of no use then. */
  stop(): Promise<void>;
}
