import {
  array,
  boolean,
  custom,
  exactOptional,
  literal,
  maxLength,
  nullable,
  number,
  optional,
  picklist,
  pipe,
  safeParse,
  strictObject,
  strictTuple,
  string,
  variant,
  type BaseIssue,
  type BaseSchema,
  type InferOutput,
} from 'valibot';
import { isSha256Hex, type AdapterRoot } from '../base/branded.ts';
import { WorkError } from './errors.ts';

const bytes = custom<Uint8Array>((value) => value instanceof Uint8Array, 'bytes expected');
const counts = custom<Uint32Array>((value) => value instanceof Uint32Array, 'u32 array expected');
const text = pipe(string(), maxLength(1024));
const adapterRoot = custom<AdapterRoot>((value) => typeof value === 'string' && isSha256Hex(value), 'SHA-256 hex');

/** What is known of a job without reading its lines; the last thing written when one is made, the first removed. */
export const jobHead = strictObject({
  v: literal(1),
  id: text,
  fileName: text,
  createdAtMs: number(),
  /** u32 from which the shuffle and the missing seeds derive. */
  key: number(),
  /** First 16 hex digits of the file's SHA-256. */
  digest: text,
  /** As the file names it; empty if no line named a known one. */
  model: text,
  root: nullable(text),
  /** The only peer that may compute it, if the person said so. */
  only: nullable(text),
  /** Lines that are not blank. */
  total: number(),
  state: picklist(['running', 'done', 'cancelled']),
  recordsDone: number(),
  recordsFailed: number(),
  reissues: number(),
  duplicates: number(),
  /** Records that were leased when this was written: a reload re-issues them. */
  leased: number(),
  byPeer: array(strictTuple([string(), number()])),
});
export type JobHead = InferOutput<typeof jobHead>;

/** What each record costs, in new tokens and discounted prompt tokens; 0 for a line that was refused. */
export const jobPlan = strictObject({
  v: literal(1),
  costs: counts,
  /** Of a batch in which any line names one: which, and per record 0 for none, else one more than its place in `roots`. */
  adapters: optional(strictObject({ roots: array(adapterRoot), of: bytes })),
});
export type JobPlan = Omit<InferOutput<typeof jobPlan>, 'v'>;
/** Which adapter changes which record. */
export type JobAdapters = NonNullable<JobPlan['adapters']>;

const keptRecord = strictObject({
  t: literal('record'),
  line: number(),
  customId: string(),
  endpoint: picklist(['/v1/chat/completions', '/v1/completions']),
  prompt: bytes,
  maxTokens: number(),
  temperature: number(),
  topK: number(),
  topP: number(),
  seed: number(),
  stop: array(string()),
  schema: optional(string()),
  adapter: exactOptional(adapterRoot),
});
const keptFault = strictObject({
  t: literal('fault'),
  line: number(),
  code: string(),
  message: string(),
  param: optional(string()),
  customId: nullable(string()),
});
/** The essentials of CHUNK_LINES lines. */
export const keptLines = array(variant('t', [keptRecord, keptFault]));
export type KeptRecord = InferOutput<typeof keptRecord>;
export type KeptLine = KeptRecord | InferOutput<typeof keptFault>;

/** What came of the records of one chunk, in record order. */
export const keptResults = array(
  strictObject({
    record: number(),
    isAnswer: boolean(),
    /** The finished line of the output or error file. */
    text: string(),
    peer: nullable(string()),
  }),
);
export type KeptResult = InferOutput<typeof keptResults>[number];

/** @throws {WorkError} `job-damaged` */
export function readKept<S extends BaseSchema<unknown, unknown, BaseIssue<unknown>>>(
  schema: S,
  value: unknown,
  what: string,
): InferOutput<S> {
  const parsed = safeParse(schema, value, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const issue = parsed.issues[0].message;
  throw new WorkError('job-damaged', `work: kept ${what} cannot be read (${issue}); remove the job`, { id: what });
}
