import { MAX_SHOWN_CHARS } from './constants.ts';

/**
 * Why a line of a batch has no answer.
 *
 * The file's own faults, found before anything is sent:
 * - `line-too-long` / `not-utf8` / `not-json` / `not-object`: the line cannot be read
 * - `unknown-field`: a key beside custom_id, method, url and body
 * - `custom-id-missing` / `custom-id-invalid` / `custom-id-doubled`: every line needs its own custom_id
 * - `unknown-method` / `unknown-url`: only POST to /v1/chat/completions and /v1/completions
 * - `body-missing`: no object under `body`
 * - `model-missing` / `unknown-model` / `model-mismatch`: no model, none of this swarm's, or not that of the first line
 * - `unknown-adapter` / `adapter-mismatch`: no adapter of that name here, or one of another model
 * - `unsupported-parameter`: a parameter, named in `param`, that this version would have to ignore
 * - `bad-parameter`: a parameter, named in `param`, out of its range
 * - `bad-max-tokens`: zero, negative or beyond the limit of the protocol
 * - `bad-messages` / `bad-prompt`: nothing that can be put before the model
 * - `bad-schema`: a response_format whose schema cannot be held to, cannot be met or is too large
 * - `not-encodable`: the model refuses these messages, e.g. it has no chat template
 * - `prompt-too-long`: the prompt alone fills the context
 * - `context-exceeded`: prompt and max_tokens together are more than the context
 *
 * Found while computing:
 * - `poisoned`: the record failed on three different peers; nobody is to blame but the record
 * - `gave-up`: the record failed too often on too few peers
 * - `record-fault`: the peers agree that the record itself cannot be computed
 * - `adapter-unavailable`: nobody who serves the model can have its adapter
 * - `cancelled`: the job was cancelled before the record was answered
 */
export type LineFaultCode =
  | 'line-too-long'
  | 'not-utf8'
  | 'not-json'
  | 'not-object'
  | 'unknown-field'
  | 'custom-id-missing'
  | 'custom-id-invalid'
  | 'custom-id-doubled'
  | 'unknown-method'
  | 'unknown-url'
  | 'body-missing'
  | 'model-missing'
  | 'unknown-model'
  | 'model-mismatch'
  | 'unknown-adapter'
  | 'adapter-mismatch'
  | 'unsupported-parameter'
  | 'bad-parameter'
  | 'bad-max-tokens'
  | 'bad-messages'
  | 'bad-prompt'
  | 'bad-schema'
  | 'not-encodable'
  | 'prompt-too-long'
  | 'context-exceeded'
  | 'poisoned'
  | 'gave-up'
  | 'record-fault'
  | 'adapter-unavailable'
  | 'cancelled';

/** A value, not an exception: one bad line never stops its batch. */
export interface LineFault {
  readonly code: LineFaultCode;
  /** Lower case, with the value, the limit and the next step. */
  readonly message: string;
  /** The field or parameter to blame. */
  readonly param: string | undefined;
  /** Null if the line has none that can be read. */
  readonly customId: string | null;
}

/** Text from outside, fit for a line of a log or file. */
export function shown(text: string): string {
  return text.length <= MAX_SHOWN_CHARS ? text : `${text.slice(0, MAX_SHOWN_CHARS)}…`;
}
