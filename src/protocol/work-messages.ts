import {
  array,
  exactOptional,
  literal,
  maxLength,
  minLength,
  optional,
  pipe,
  picklist,
  strictObject,
  string,
  variant,
  type InferOutput,
} from 'valibot';
import {
  MAX_ADAPTER_DOCUMENT_BYTES,
  MAX_FRAGMENT_RECORDS,
  MAX_NEW_TOKENS,
  MAX_PROMPT_TOKENS,
  MAX_SCHEMA_CHARS,
  MAX_STOP_CHARS,
  MAX_STOP_STRINGS,
  MAX_TEXT_CHARS,
} from './limits.ts';
import { adapterRoot, byteString, modelRoot, realNumber, timestampMs, wholeNumber } from './schema.ts';

/** Random ids in lower-case hex, 32 characters. */
const id = pipe(string(), minLength(32), maxLength(32));
const reason = pipe(string(), maxLength(MAX_TEXT_CHARS));
const tokens = (max: number) => byteString(0, 4 * max);

/** Every body carries these, signed with it: freshness and replay are checked on them. */
const stamp = { v: literal(1), atMs: timestampMs, nonce: byteString(16, 16), lease: id };

/** One unit of work: data, never code. */
export const workRecord = strictObject({
  /** Which record of the job this is; part of the sampling counter, so it never depends on the fragment. */
  record: wholeNumber(0, 2 ** 31),
  /** Prompt as u32 little-endian token ids. */
  prompt: byteString(4, 4 * MAX_PROMPT_TOKENS),
  maxTokens: wholeNumber(1, MAX_NEW_TOKENS),
  /** 0 is greedy. */
  temperature: realNumber(0, 2),
  /** 0 is off. */
  topK: wholeNumber(0, 1_000_000),
  /** 1 is off. */
  topP: realNumber(0, 1),
  seed: wholeNumber(0, 2 ** 32 - 1),
  stop: pipe(array(pipe(string(), minLength(1), maxLength(MAX_STOP_CHARS))), maxLength(MAX_STOP_STRINGS)),
  /** Content address of the adapter of the offer's model that changes it for this record alone. */
  adapter: exactOptional(adapterRoot),
  /** JSON text of the schema that the answer must fulfil. */
  schema: optional(pipe(string(), maxLength(MAX_SCHEMA_CHARS))),
});

/** Requester → provider: will you take these records until the deadline? */
export const workOffer = strictObject({
  t: literal('work/offer'),
  ...stamp,
  model: modelRoot,
  /** After this the lease is void whatever happened. */
  deadlineAtMs: timestampMs,
  records: pipe(array(workRecord), minLength(1), maxLength(MAX_FRAGMENT_RECORDS)),
});

/** Provider → requester: the lease is on; heartbeats follow. */
export const workAccept = strictObject({ t: literal('work/accept'), ...stamp });

/** Provider → requester: not now, and why. Costs nobody anything. */
export const workDecline = strictObject({
  t: literal('work/decline'),
  ...stamp,
  why: picklist(['busy', 'paused', 'no-model', 'too-long', 'not-serving']),
});

/** Provider → requester, every 5 s: alive, with progress. */
export const workHeartbeat = strictObject({
  t: literal('work/heartbeat'),
  ...stamp,
  recordsDone: wholeNumber(0, MAX_FRAGMENT_RECORDS),
  tokensDone: wholeNumber(0, 2 ** 40),
});

/** Provider → requester: one record's answer, sent as soon as it is known. */
export const workResult = strictObject({
  t: literal('work/result'),
  ...stamp,
  record: wholeNumber(0, 2 ** 31),
  /** Generated token ids without the prompt, u32 little-endian. */
  tokens: tokens(MAX_NEW_TOKENS),
  finish: picklist(['stop', 'length']),
  /** Kernel-variant id: results are bit-comparable within one class only. */
  numericClass: pipe(string(), maxLength(128)),
});

/** Provider → requester: this record cannot be computed here; the others go on. */
export const workFault = strictObject({
  t: literal('work/fault'),
  ...stamp,
  record: wholeNumber(0, 2 ** 31),
  code: pipe(string(), maxLength(64)),
  reason,
});

/** Provider → requester: every record of the lease was answered or faulted. */
export const workDone = strictObject({ t: literal('work/done'), ...stamp });

/** Provider → requester: I must stop; what I sent stays valid. A polite release costs nothing. */
export const workRelease = strictObject({ t: literal('work/release'), ...stamp, reason });

/** Requester → provider: stop this lease now. */
export const workCancel = strictObject({ t: literal('work/cancel'), ...stamp });

/** What `adapter/ask` and `adapter/tell` carry: no lease, as nothing is owed. */
const exchange = { v: literal(1), atMs: timestampMs, nonce: byteString(16, 16), root: adapterRoot };

/** Anybody → who shares it: what must I know to fetch this adapter? */
export const adapterAsk = strictObject({ t: literal('adapter/ask'), ...exchange });

/** The answer: signed manifest and torrent, or neither if it is not shared here. */
export const adapterTell = strictObject({
  t: literal('adapter/tell'),
  ...exchange,
  documents: exactOptional(
    strictObject({
      manifest: byteString(1, MAX_ADAPTER_DOCUMENT_BYTES),
      torrent: byteString(1, MAX_ADAPTER_DOCUMENT_BYTES),
    }),
  ),
});

/** Everything that travels on the work protocol. */
export const workMessage = variant('t', [
  workOffer,
  workAccept,
  workDecline,
  workHeartbeat,
  workResult,
  workFault,
  workDone,
  workRelease,
  workCancel,
  adapterAsk,
  adapterTell,
]);

export type WorkRecord = InferOutput<typeof workRecord>;
export type WorkMessage = InferOutput<typeof workMessage>;
export type WorkOffer = InferOutput<typeof workOffer>;
