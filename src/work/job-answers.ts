import type { JobId } from '../base/branded.ts';
import type { WorkRecord } from '../protocol/index.ts';
import { CHUNK_LINES } from './constants.ts';
import { WorkError } from './errors.ts';
import type { KeptRecord } from './job-schema.ts';
import type { JobStore } from './job-store.ts';
import type { AdmittedResult } from './lease-inbox.ts';
import { formatAnswer, type FileIdentity } from './output-line.ts';
import type { Tokens } from './ports.ts';

/** @throws {WorkError} `job-damaged` if the line is not kept or was refused */
export async function readRecord(jobs: JobStore, id: JobId, record: number): Promise<KeptRecord> {
  const lines = await jobs.readLines(id, Math.floor(record / CHUNK_LINES));
  const kept = lines[record % CHUNK_LINES];
  if (kept?.t === 'record') return kept;
  throw new WorkError('job-damaged', `work: record ${record} is not kept; remove the job`, { id, value: record });
}

/** Records as they travel. */
export async function readWorkRecords(jobs: JobStore, id: JobId, records: readonly number[]): Promise<WorkRecord[]> {
  return Promise.all(
    records.map(async (record) => {
      const { prompt, maxTokens, temperature, topK, topP, seed, stop, schema, adapter } = await readRecord(
        jobs,
        id,
        record,
      );
      const optional = { ...(schema !== undefined && { schema }), ...(adapter !== undefined && { adapter }) };
      return { record, prompt, maxTokens, temperature, topK, topP, seed, stop, ...optional };
    }),
  );
}

/**
 * The output line of one result.
 *
 * @throws whatever the tokenizer throws at ids that it does not know; the peer that sent them is at fault
 */
export async function writeAnswer(
  file: FileIdentity,
  kept: KeptRecord,
  result: AdmittedResult,
  tokens: Tokens,
): Promise<string> {
  const text = await tokens.decode(result.tokens);
  return formatAnswer(file, result.record, {
    customId: kept.customId,
    endpoint: kept.endpoint,
    text: cutBeforeStop(text, kept.stop),
    finish: result.finish,
    promptTokens: kept.prompt.byteLength / 4,
    completionTokens: result.tokens.length,
    numericClass: result.numericClass,
    adapter: kept.adapter,
  });
}

/** The text before the first stop string; the ids include the token that completed it. */
function cutBeforeStop(text: string, stop: readonly string[]): string {
  const ends = stop.map((end) => text.indexOf(end)).filter((at) => at >= 0);
  return ends.length === 0 ? text : text.slice(0, Math.min(...ends));
}
