import { sha256 } from '@noble/hashes/sha2.js';
import type { AdapterRoot, JobId, ModelRoot } from '../base/branded.ts';
import { bytesToHex, tokensToBytes } from '../base/bytes.ts';
import { createRandom } from '../base/random.ts';
import { readBatchLine, type BatchRequest } from './batch-line.ts';
import type { CompletionRequest } from './completion-body.ts';
import { MAX_PROMPT_TOKENS } from '../protocol/index.ts';
import {
  CHUNK_LINES,
  DEFAULT_MAX_TOKENS,
  MAX_BATCH_BYTES,
  MAX_BATCH_LINES,
  MAX_JOB_ADAPTERS,
  PREFILL_DISCOUNT,
} from './constants.ts';
import { WorkError } from './errors.ts';
import type { JobPlan, KeptLine, KeptRecord } from './job-schema.ts';
import type { JobStore } from './job-store.ts';
import { shown, type LineFault, type LineFaultCode } from './line-fault.ts';
import { readLines, type TextLine } from './line-reader.ts';
import { resolveTarget, type LineTarget, type NameComponents } from './line-target.ts';
import type { Tokens } from './ports.ts';

/** What is known of a batch once every line of it was read. */
export interface PreparedBatch {
  readonly digest: string;
  readonly model: string;
  readonly root: ModelRoot | undefined;
  readonly total: number;
  readonly refused: number;
  /** One cost a line; 0 for a refused one. */
  readonly plan: JobPlan;
}

export interface PrepareComponents extends NameComponents {
  readonly jobs: Pick<JobStore, 'writeLines'>;
  readonly tokensFor: (root: ModelRoot) => Promise<Tokens>;
  /** Name of the adapter for lines that name none. */
  readonly usualAdapter?: string | undefined;
}

/** The model of a job: that of its first line with a known one. */
interface ChosenModel {
  readonly name: string;
  readonly root: ModelRoot;
}

/**
 * Reads a batch file to its end, checks every line, and keeps the essentials in chunks; only one chunk is in memory.
 *
 * @param key the job's u32, from which seeds are derived where a line has none
 * @param onLine called with the number of lines so far, after each chunk
 * @throws {WorkError} `empty-batch` or `batch-too-large`; errors of `tokensFor`; `AbortError`
 */
export async function prepareJob(
  components: PrepareComponents,
  id: JobId,
  file: Blob,
  key: number,
  onLine: (total: number) => void,
  signal: AbortSignal,
): Promise<PreparedBatch> {
  if (file.size > MAX_BATCH_BYTES) throw tooLarge('bytes', file.size, MAX_BATCH_BYTES);
  const hash = sha256.create();
  const seen = new Set<string>();
  const costs: number[] = [];
  const numbers: number[] = [];
  const adapters = new AdapterNumbers();
  let chosen: ChosenModel | undefined;
  let chunk: TextLine[] = [];

  const targetOf = (request: CompletionRequest) => resolveTarget(components, request, components.usualAdapter);
  const encodeLine = async (read: BatchRequest | LineFault, line: number, record: number): Promise<KeptLine> => {
    if ('code' in read) return { t: 'fault', line, ...faultFields(read) };
    const target = targetOf(read.request);
    const wrong =
      'code' in target ? target : (otherModel(read.request.model, target, chosen) ?? adapters.add(target.adapter));
    if (wrong) return { t: 'fault', line, ...faultFields({ ...wrong, customId: read.customId }) };
    const { model, adapter } = target as LineTarget;
    const tokens = await components.tokensFor(model);
    const kept = await encodeRecord(read, line, tokens, derivedSeed(key, record));
    if ('code' in kept) return { t: 'fault', line, ...faultFields(kept) };
    return adapter === undefined ? kept : { ...kept, adapter };
  };
  const closeChunk = async () => {
    const first = costs.length;
    const reads = chunk.map((line) => readText(line, seen));
    for (const read of reads) {
      if (chosen || 'code' in read) continue;
      const target = targetOf(read.request);
      if ('model' in target) chosen = { name: read.request.model, root: target.model };
    }
    const kept = await Promise.all(reads.map((read, i) => encodeLine(read, chunk[i]?.line ?? 0, first + i)));
    signal.throwIfAborted();
    await components.jobs.writeLines(id, first / CHUNK_LINES, kept);
    for (const line of kept) {
      costs.push(line.t === 'record' ? costOf(line) : 0);
      numbers.push(line.t === 'record' ? adapters.numberOf(line.adapter) : 0);
    }
    chunk = [];
    onLine(costs.length);
  };

  for await (const line of readLines(file, (bytes) => hash.update(bytes), signal)) {
    if (costs.length + chunk.length >= MAX_BATCH_LINES) throw tooLarge('lines', MAX_BATCH_LINES + 1, MAX_BATCH_LINES);
    chunk.push(line);
    if (chunk.length === CHUNK_LINES) await closeChunk();
  }
  if (chunk.length > 0) await closeChunk();
  if (costs.length === 0) throw new WorkError('empty-batch', 'work: the file has no line; choose another', {});
  return {
    digest: bytesToHex(hash.digest()).slice(0, 16),
    model: chosen?.name ?? '',
    root: chosen?.root,
    total: costs.length,
    refused: costs.filter((cost) => cost === 0).length,
    plan: {
      costs: Uint32Array.from(costs),
      ...(adapters.roots.length > 0 && { adapters: { roots: adapters.roots, of: Uint8Array.from(numbers) } }),
    },
  };
}

function readText(line: TextLine, seen: Set<string>): BatchRequest | LineFault {
  if ('text' in line) return readBatchLine(line.text, seen);
  const message = line.fault === 'not-utf8' ? 'work: line is not utf-8' : 'work: line is longer than 1 MiB';
  return { code: line.fault, message, param: undefined, customId: null };
}

function otherModel(name: string, { model }: LineTarget, chosen: ChosenModel | undefined) {
  if (chosen?.root === model) return undefined;
  const message = `work: a batch has one model, ${shown(chosen?.name ?? '')}, not ${shown(name)}; split the file`;
  return { code: 'model-mismatch', message, param: 'model' } as const;
}

/** Numbers a batch's adapters in the order of their lines. */
class AdapterNumbers {
  readonly roots: AdapterRoot[] = [];
  readonly #numbers = new Map<AdapterRoot, number>();

  /** From 1 on; 0 for none. */
  numberOf(root: AdapterRoot | undefined): number {
    return root === undefined ? 0 : (this.#numbers.get(root) ?? 0);
  }

  /** Gives it a number if it has none. @returns why it cannot have one */
  add(root: AdapterRoot | undefined) {
    if (root === undefined || this.#numbers.has(root)) return undefined;
    if (this.roots.length < MAX_JOB_ADAPTERS) {
      this.#numbers.set(root, this.roots.push(root));
      return undefined;
    }
    const message = `work: a batch may name ${MAX_JOB_ADAPTERS} adapters, this is one more; split the file`;
    return { code: 'unsupported-parameter', message, param: 'adapter' } as const;
  }
}

/** Turns a request into token ids and bounds it by the model's context. */
async function encodeRecord(
  { customId, request }: BatchRequest,
  line: number,
  tokens: Tokens,
  seed: number,
): Promise<KeptRecord | LineFault> {
  const fault = (code: LineFaultCode, message: string, param: string): LineFault => ({
    code,
    message,
    param,
    customId,
  });
  const input = request.messages ? 'messages' : 'prompt';
  const prompt = await encodePrompt(tokens, request).catch((error: unknown) => shown(String(error)));
  if (typeof prompt === 'string') return fault('not-encodable', `work: the model refuses this input: ${prompt}`, input);
  if (prompt.length === 0) return fault('bad-prompt', 'work: the prompt has no token; write something', input);
  const { schema } = request;
  const schemaFault = schema === undefined ? undefined : await whyRefused(tokens.checkSchema(JSON.parse(schema)));
  if (schemaFault !== undefined) return fault('bad-schema', `work: ${schemaFault}`, 'response_format');
  const contextTokens = Math.min(tokens.contextTokens, MAX_PROMPT_TOKENS);
  const room = contextTokens - prompt.length;
  const context = `a context of ${contextTokens} tokens`;
  if (room < 1) return fault('prompt-too-long', `work: prompt of ${prompt.length} tokens in ${context}`, input);
  const maxTokens = request.maxTokens ?? Math.min(DEFAULT_MAX_TOKENS, room);
  if (maxTokens > room) {
    const message = `work: prompt of ${prompt.length} and max_tokens of ${maxTokens} in ${context}`;
    return fault('context-exceeded', message, 'max_tokens');
  }
  return {
    t: 'record',
    line,
    customId,
    endpoint: request.endpoint,
    prompt: tokensToBytes(prompt),
    maxTokens,
    temperature: request.temperature,
    topK: request.topK,
    topP: request.topP,
    seed: request.seed ?? seed,
    stop: [...request.stop],
    ...(schema === undefined ? {} : { schema }),
  };
}

function whyRefused(check: Promise<void>): Promise<string | undefined> {
  return check.then(
    () => undefined,
    (error: unknown) => shown(error instanceof Error ? error.message : String(error)),
  );
}

async function encodePrompt(tokens: Tokens, request: CompletionRequest): Promise<Uint32Array> {
  return request.messages ? tokens.encodeChat(request.messages) : tokens.encodePrompt(request.prompt ?? '');
}

/** The seed of a record whose line gives none: different for every record, the same after a reload. */
function derivedSeed(key: number, record: number): number {
  return createRandom((key + Math.imul(record, 0x9e3779b9)) >>> 0).u32();
}

function costOf(record: KeptRecord): number {
  return record.maxTokens + Math.ceil(record.prompt.byteLength / 4 / PREFILL_DISCOUNT);
}

function faultFields({ code, message, param, customId }: LineFault) {
  return { code, message, customId, ...(param === undefined ? {} : { param }) };
}

function tooLarge(what: string, value: number, limit: number): WorkError {
  return new WorkError('batch-too-large', `work: batch of ${value} ${what}, limit ${limit}; split the file`, {
    value,
    limit,
  });
}
