import {
  array,
  boolean,
  integer,
  literal,
  maxLength,
  maxValue,
  minLength,
  minValue,
  nullish,
  number,
  object,
  picklist,
  pipe,
  record,
  safeParse,
  strictObject,
  string,
  transform,
  union,
  unknown,
  variant,
  type InferOutput,
} from 'valibot';
import { MAX_NEW_TOKENS, MAX_SCHEMA_CHARS, MAX_STOP_CHARS, MAX_STOP_STRINGS } from '../protocol/index.ts';
import { DEFAULT_TEMPERATURE, DEFAULT_TOP_P, MAX_CHAT_MESSAGES } from './constants.ts';
import { shown, type LineFaultCode } from './line-fault.ts';

export type Endpoint = '/v1/chat/completions' | '/v1/completions';

export interface ChatTurn {
  readonly role: string;
  readonly content: string;
}

/** One request as this version understands it; what OpenAI defaults is filled in, but not what depends on a model. */
export interface CompletionRequest {
  readonly endpoint: Endpoint;
  readonly model: string;
  /** Exactly one of the two is set. */
  readonly messages: readonly ChatTurn[] | undefined;
  readonly prompt: string | undefined;
  readonly maxTokens: number | undefined;
  readonly temperature: number;
  readonly topP: number;
  readonly topK: number;
  /** u32; OpenAI's seeds are wider, and are taken modulo 2^32. */
  readonly seed: number | undefined;
  readonly stop: readonly string[];
  /** JSON text of the schema that the answer must fulfil. */
  readonly schema: string | undefined;
  /** Name or root of an adapter of the model. */
  readonly adapter: string | undefined;
}

export interface BodyFault {
  readonly code: LineFaultCode;
  readonly message: string;
  readonly param: string | undefined;
}

const textPart = strictObject({ type: literal('text'), text: string() });
const content = union([string(), pipe(array(textPart), minLength(1))]);
const message = object({
  role: pipe(
    picklist(['system', 'developer', 'user', 'assistant']),
    // OpenAI renamed the role for its newer models; open models' templates know the old name.
    transform((role) => (role === 'developer' ? 'system' : role)),
  ),
  content: pipe(
    content,
    transform((value) => (typeof value === 'string' ? value : value.map((part) => part.text).join(''))),
  ),
});

const stopText = pipe(string(), minLength(1), maxLength(MAX_STOP_CHARS));
const maxTokens = nullish(pipe(number(), integer(), minValue(1), maxValue(MAX_NEW_TOKENS)));

const jsonSchema = strictObject({
  name: nullish(string()),
  description: nullish(string()),
  schema: record(string(), unknown()),
  strict: nullish(boolean()),
});
const responseFormat = variant('type', [
  strictObject({ type: literal('text') }),
  strictObject({ type: literal('json_object') }),
  strictObject({ type: literal('json_schema'), json_schema: jsonSchema }),
]);

const sampling = {
  model: pipe(string(), minLength(1), maxLength(256)),
  max_tokens: maxTokens,
  max_completion_tokens: maxTokens,
  temperature: nullish(pipe(number(), minValue(0), maxValue(2))),
  top_p: nullish(pipe(number(), minValue(0), maxValue(1))),
  top_k: nullish(pipe(number(), integer(), minValue(0), maxValue(1_000_000))),
  seed: nullish(pipe(number(), integer(), minValue(Number.MIN_SAFE_INTEGER), maxValue(Number.MAX_SAFE_INTEGER))),
  stop: nullish(union([stopText, pipe(array(stopText), maxLength(MAX_STOP_STRINGS))])),
  response_format: nullish(responseFormat),
  adapter: nullish(pipe(string(), minLength(1), maxLength(256))),
};
const chatBody = object({
  ...sampling,
  messages: pipe(array(message), minLength(1), maxLength(MAX_CHAT_MESSAGES)),
});
const textBody = object({ ...sampling, prompt: pipe(string(), minLength(1)) });

/** Say something about the request, not about the answer. */
const HARMLESS = new Set(['user', 'metadata', 'store', 'service_tier', 'safety_identifier', 'prompt_cache_key']);

/** Parameters that are accepted at the value at which they do nothing. */
const NEUTRAL: Readonly<Record<string, (value: unknown) => boolean>> = {
  n: (value) => value === 1,
  best_of: (value) => value === 1,
  stream: (value) => value === false,
  echo: (value) => value === false,
  logprobs: (value) => value === false,
  presence_penalty: (value) => value === 0,
  frequency_penalty: (value) => value === 0,
  logit_bias: (value) => isEmptyContainer(value),
  tools: (value) => isEmptyContainer(value),
  tool_choice: (value) => value === 'none',
  suffix: (value) => value === '',
  modalities: (value) => Array.isArray(value) && value.length === 1 && value[0] === 'text',
};

/** Checks one request body. @returns the request, or the first fault by name */
export function readCompletionBody(endpoint: Endpoint, body: Record<string, unknown>): CompletionRequest | BodyFault {
  const isChat = endpoint === '/v1/chat/completions';
  const known = isChat ? chatBody.entries : textBody.entries;
  for (const [name, value] of Object.entries(body)) {
    const isKnown = Object.hasOwn(known, name) || HARMLESS.has(name) || value === null;
    if (isKnown || (Object.hasOwn(NEUTRAL, name) && NEUTRAL[name]?.(value))) continue;
    const message = `work: parameter ${shown(name)} is not supported here; leave it out`;
    return { code: 'unsupported-parameter', message, param: shown(name) };
  }
  const parsed = isChat
    ? safeParse(chatBody, body, { abortEarly: true })
    : safeParse(textBody, body, { abortEarly: true });
  if (!parsed.success) return bodyFault(parsed.issues[0]);
  const { output } = parsed;
  const schema = schemaText(output.response_format);
  if (schema !== undefined && schema.length > MAX_SCHEMA_CHARS) {
    const message = `work: schema of ${schema.length} characters, ${MAX_SCHEMA_CHARS} allowed; make it smaller`;
    return { code: 'bad-schema', message, param: 'response_format' };
  }
  return {
    endpoint,
    model: output.model,
    messages: 'messages' in output ? output.messages : undefined,
    prompt: 'prompt' in output ? output.prompt : undefined,
    maxTokens: output.max_completion_tokens ?? output.max_tokens ?? undefined,
    temperature: output.temperature ?? DEFAULT_TEMPERATURE,
    topP: output.top_p ?? DEFAULT_TOP_P,
    topK: output.top_k ?? 0,
    seed: typeof output.seed === 'number' ? ((output.seed % 2 ** 32) + 2 ** 32) % 2 ** 32 : undefined,
    stop: typeof output.stop === 'string' ? [output.stop] : (output.stop ?? []),
    schema,
    adapter: output.adapter ?? undefined,
  };
}

function schemaText(format: InferOutput<typeof responseFormat> | null | undefined): string | undefined {
  if (format?.type === 'json_object') return '{"type":"object"}';
  return format?.type === 'json_schema' ? JSON.stringify(format.json_schema.schema) : undefined;
}

interface Issue {
  readonly message: string;
  readonly path?: readonly { readonly key?: unknown }[] | undefined;
}

function bodyFault(issue: Issue): BodyFault {
  const path = (issue.path ?? []).map((step) => String(step.key));
  const param = shown(path.join('.'));
  const reason = shown(issue.message);
  const top = path[0] ?? '';
  if (top === 'model') return { code: 'model-missing', message: `work: body names no model: ${reason}`, param };
  if (top === 'max_tokens' || top === 'max_completion_tokens') {
    const message = `work: ${top} must be a whole number from 1 to ${MAX_NEW_TOKENS}: ${reason}`;
    return { code: 'bad-max-tokens', message, param };
  }
  if (top === 'messages') return { code: 'bad-messages', message: `work: ${param}: ${reason}`, param };
  if (top === 'prompt') {
    return { code: 'bad-prompt', message: `work: prompt must be one text that is not empty: ${reason}`, param };
  }
  return { code: 'bad-parameter', message: `work: parameter ${param}: ${reason}`, param };
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEmptyContainer(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
