/**
 * Batches of language-model requests, computed by whoever serves: OpenAI Batch JSONL in and out, and in between the
 * life of a record: unsent → offered → leased → done, failed, or back to unsent.
 *
 * `createRequester` runs a person's batches: it checks every line, shuffles the records over fragments, offers these to
 * the peers of its `Directory`, settles what comes back by compare-and-set on the lease, and keeps all of it in a
 * `KeyValueStore`, so that a reload loses nothing. `createProvider` computes fragments for whoever asks on an
 * `Executor`. Both speak over one `Channel`; `withLoopback` makes it carry messages to oneself, so that a node which
 * computes for itself goes the same way as one that computes for others. Everything else comes in through `ports.ts`:
 * no engine, no network and no storage is known here.
 *
 * What a peer sends is checked before it counts (size, rate, schema, signature, author, freshness, lease, record); what
 * fails is refused by name and counted. A line that cannot be answered becomes a line of the error file (`LineFault`);
 * what stops a whole job is a `WorkError`.
 *
 * Not here: whether an answer is right (`verify`), and who is owed for it (`ledger`).
 *
 * @module work
 */
export { createAdapterExchange, type AdapterDocuments, type AdapterExchange } from './adapter-exchange.ts';
export { WorkError, type WorkErrorCode, type WorkErrorDetails } from './errors.ts';
export type { JobFiles } from './job-output.ts';
export type { JobState, JobView } from './job-view.ts';
export type { LineFault, LineFaultCode } from './line-fault.ts';
export { createLoopback, withLoopback } from './loopback.ts';
export type { Candidate, Channel, Directory, Executor, KeyValueStore, RecordOutcome, Tokens } from './ports.ts';
export { createProvider, type Provider, type ProviderComponents, type ProviderStats } from './provider.ts';
export { createRequester } from './requester.ts';
export type { BatchSubmission, Requester, RequesterComponents } from './requester-contract.ts';
