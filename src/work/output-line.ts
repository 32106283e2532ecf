import type { Endpoint } from './completion-body.ts';
import type { LineFault } from './line-fault.ts';

/** What every line of one job's files shares. */
export interface FileIdentity {
  /** First 16 hex digits of the SHA-256 of the batch file. */
  readonly digest: string;
  /** The model as the file names it. */
  readonly model: string;
}

/** One answer, ready to be written down. */
export interface Answer {
  readonly customId: string;
  readonly endpoint: Endpoint;
  readonly text: string;
  readonly finish: 'stop' | 'length';
  readonly promptTokens: number;
  readonly completionTokens: number;
  readonly numericClass: string;
  /** Content address of the adapter that changed the model for it. */
  readonly adapter?: string | undefined;
}

/**
 * A line of the output file, in the form of OpenAI's Batch API, without a line feed.
 *
 * The same file computed twice on one numeric class gives the same bytes, wherever it was computed. Therefore ids come
 * from the file and the record, `created` is 0, and `system_fingerprint` is the numeric class, which is what OpenAI
 * defines it for: results may be compared bit for bit within one value of it.
 *
 * @param record number of the line among those that are not blank, from 0
 */
export function formatAnswer(file: FileIdentity, record: number, answer: Answer): string {
  const isChat = answer.endpoint === '/v1/chat/completions';
  const tail = tailOf(file, record);
  const choice = isChat
    ? { index: 0, message: { role: 'assistant', content: answer.text }, logprobs: null, finish_reason: answer.finish }
    : { index: 0, text: answer.text, logprobs: null, finish_reason: answer.finish };
  const body = {
    id: `${isChat ? 'chatcmpl' : 'cmpl'}-${tail}`,
    object: isChat ? 'chat.completion' : 'text_completion',
    created: 0,
    model: file.model,
    choices: [choice],
    usage: {
      prompt_tokens: answer.promptTokens,
      completion_tokens: answer.completionTokens,
      total_tokens: answer.promptTokens + answer.completionTokens,
    },
    system_fingerprint: answer.numericClass,
    ...(answer.adapter !== undefined && { adapter: answer.adapter }),
  };
  return JSON.stringify({
    id: `batch_req_${tail}`,
    custom_id: answer.customId,
    response: { status_code: 200, request_id: `req_${tail}`, body },
    error: null,
  });
}

/**
 * A line of the error file: `response` is null, and `error` has the four fields that OpenAI gives the errors of a batch.
 *
 * @param line number in the file as an editor counts, from 1
 */
export function formatFault(digest: string, record: number, line: number, fault: LineFault): string {
  return JSON.stringify({
    id: `batch_req_${tailOf({ digest }, record)}`,
    custom_id: fault.customId,
    response: null,
    error: { code: fault.code, message: fault.message, param: fault.param ?? null, line },
  });
}

function tailOf(file: Pick<FileIdentity, 'digest'>, record: number): string {
  return `${file.digest}${record.toString(16).padStart(8, '0')}`;
}
