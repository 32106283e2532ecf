import type { JobId } from '../base/branded.ts';
import { CHUNK_LINES } from './constants.ts';
import type { JobHead, KeptLine } from './job-schema.ts';
import type { JobStore } from './job-store.ts';
import type { LineFault } from './line-fault.ts';
import { formatFault } from './output-line.ts';

/** A job's two files, in input order. */
export interface JobFiles {
  /** Lines of what was answered, `application/jsonl`. */
  readonly output: Blob;
  /** Lines of what was refused or failed. */
  readonly errors: Blob;
}

/**
 * Builds both files chunk by chunk from what is kept; the model is not needed. Of a cancelled job, the lines that were
 * not answered are errors by the name `cancelled`; of a running one they are left out.
 *
 * @throws {WorkError} `job-damaged`
 */
export async function buildJobFiles(jobs: JobStore, head: JobHead): Promise<JobFiles> {
  const id = head.id as JobId;
  const type = 'application/jsonl';
  const output: Blob[] = [];
  const errors: Blob[] = [];
  for (let first = 0, chunk = 0; first < head.total; first += CHUNK_LINES, chunk += 1) {
    const results = new Map((await jobs.readResults(id, chunk)).map((result) => [result.record, result]));
    const lines = await jobs.readLines(id, chunk);
    let answered = '';
    let failed = '';
    for (const [i, line] of lines.entries()) {
      const record = first + i;
      const result = results.get(record);
      if (result?.isAnswer === true) answered += `${result.text}\n`;
      else failed += result ? `${result.text}\n` : unansweredLine(head, record, line);
    }
    // A blob each, so that the text of a long file is the browser's to keep and not the page's.
    if (answered) output.push(new Blob([answered]));
    if (failed) errors.push(new Blob([failed]));
  }
  return { output: new Blob(output, { type }), errors: new Blob(errors, { type }) };
}

function unansweredLine(head: JobHead, record: number, line: KeptLine): string {
  if (line.t === 'fault') {
    return `${formatFault(head.digest, record, line.line, { ...(line as LineFault), param: line.param })}\n`;
  }
  if (head.state !== 'cancelled') return '';
  const { customId } = line;
  const message = 'work: the job was cancelled before this record was answered';
  return `${formatFault(head.digest, record, line.line, { code: 'cancelled', message, param: undefined, customId })}\n`;
}
