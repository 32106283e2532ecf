import { MAX_CUSTOM_ID_CHARS } from './constants.ts';
import { isObject, readCompletionBody, type CompletionRequest, type Endpoint } from './completion-body.ts';
import { shown, type LineFault, type LineFaultCode } from './line-fault.ts';

/** A line of a batch that could be answered, if its model and its length allow. */
export interface BatchRequest {
  readonly customId: string;
  readonly request: CompletionRequest;
}

const FIELDS = new Set(['custom_id', 'method', 'url', 'body']);
const ENDPOINTS: readonly string[] = ['/v1/chat/completions', '/v1/completions'];

/**
 * Reads one line of an OpenAI Batch file (platform.openai.com/docs/guides/batch).
 *
 * @param seen custom_ids of the lines before; this line's is added, so that a second one is found
 */
export function readBatchLine(text: string, seen: Set<string>): BatchRequest | LineFault {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    return fault('not-json', `work: line is not json: ${shown((cause as Error).message)}`);
  }
  if (!isObject(value)) return fault('not-object', 'work: line is json, but no object');
  const customId = value['custom_id'];
  if (customId === undefined || customId === null) {
    return fault('custom-id-missing', 'work: line has no custom_id', 'custom_id');
  }
  if (typeof customId !== 'string' || customId.length < 1 || customId.length > MAX_CUSTOM_ID_CHARS) {
    const message = `work: custom_id must be a text of 1 to ${MAX_CUSTOM_ID_CHARS} characters`;
    return fault('custom-id-invalid', message, 'custom_id');
  }
  if (seen.has(customId)) {
    const message = 'work: an earlier line has the same custom_id; its answer stands';
    return { ...fault('custom-id-doubled', message, 'custom_id'), customId };
  }
  seen.add(customId);
  const read = readFields(value);
  return 'code' in read ? { ...read, customId } : { customId, request: read };
}

function readFields(line: Record<string, unknown>): CompletionRequest | LineFault {
  const extra = Object.keys(line).find((key) => !FIELDS.has(key));
  if (extra !== undefined) return fault('unknown-field', `work: unknown field ${shown(extra)}`, shown(extra));
  const { method, url, body } = line;
  if (method !== 'POST') return fault('unknown-method', 'work: method must be POST', 'method');
  if (typeof url !== 'string' || !ENDPOINTS.includes(url)) {
    return fault('unknown-url', `work: url must be one of ${ENDPOINTS.join(', ')}`, 'url');
  }
  if (!isObject(body)) return fault('body-missing', 'work: line has no body object', 'body');
  const read = readCompletionBody(url as Endpoint, body);
  return 'code' in read ? { ...read, customId: null } : read;
}

function fault(code: LineFaultCode, message: string, param?: string): LineFault {
  return { code, message, param, customId: null };
}
