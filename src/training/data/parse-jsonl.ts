import * as v from 'valibot';
import { TrainingDataError, type TrainingDataErrorCode } from './errors.ts';
import type { TrainingMessage } from './encode-rows.ts';

/** A row as a person wrote it. A plain text is a completion of an empty prompt. */
export type TrainingExample =
  | { readonly kind: 'chat'; readonly line: number; readonly messages: readonly TrainingMessage[] }
  | { readonly kind: 'completion'; readonly line: number; readonly prompt: string; readonly completion: string };

/** A file of some 20 million tokens: weeks of training in a tab. */
const MAX_FILE_CHARS = 64 * 1024 * 1024;
/** Far beyond every context that fits a tab. */
const MAX_LINE_CHARS = 1024 * 1024;
const MAX_MESSAGES = 512;

const textPart = v.object({ type: v.literal('text'), text: v.string() });
const content = v.union([
  v.string(),
  v.pipe(
    v.array(textPart),
    v.transform((parts) => parts.map(({ text }) => text).join('')),
  ),
]);
const role = v.picklist(['system', 'developer', 'user', 'assistant']);
const message = v.object({
  role: v.string(),
  content: v.nullish(content),
  weight: v.optional(v.picklist([0, 1])),
});
const line = v.union([
  v.object({ messages: v.pipe(v.array(message), v.maxLength(MAX_MESSAGES)) }),
  v.object({ prompt: v.string(), completion: v.string() }),
  v.object({ text: v.string() }),
]);

/**
 * Reads training rows, one JSON object a line: `{"messages": [{"role", "content", "weight"?}]}` (OpenAI's fine-tuning
 * format), `{"prompt", "completion"}` or `{"text"}`. Blank lines are skipped; unknown keys are ignored.
 *
 * @throws {TrainingDataError} for the first line that cannot be used: `not-jsonl`, `too-large`, `invalid-role`,
 *   `no-completion`; `empty` without any row
 */
export function parseTrainingJsonl(text: string): TrainingExample[] {
  if (text.length > MAX_FILE_CHARS) {
    throw new TrainingDataError(
      'too-large',
      `a file of ${text.length} characters, ${MAX_FILE_CHARS} allowed; split it`,
      {
        value: text.length,
        limit: MAX_FILE_CHARS,
      },
    );
  }
  const examples: TrainingExample[] = [];
  for (const [index, each] of text
    .replace(/^\uFEFF/, '')
    .split(/\r\n|\n|\r/)
    .entries()) {
    if (each.trim() !== '') examples.push(readLine(each, index + 1));
  }
  if (examples.length === 0)
    throw new TrainingDataError('empty', 'a file without rows; one JSON object a line is expected');
  return examples;
}

function readLine(text: string, number: number): TrainingExample {
  if (text.length > MAX_LINE_CHARS)
    throw refuse(number, 'too-large', `has ${text.length} characters, ${MAX_LINE_CHARS} allowed`);
  const parsed = v.safeParse(line, readJson(text, number));
  if (!parsed.success) {
    throw refuse(
      number,
      'not-jsonl',
      `has none of the known forms: messages with role and content, prompt and completion, or text`,
    );
  }
  const row = parsed.output;
  if ('messages' in row) return { kind: 'chat', line: number, messages: readMessages(row.messages, number) };
  const [prompt, completion] = 'text' in row ? ['', row.text] : [row.prompt, row.completion];
  if (completion.trim() === '') throw refuse(number, 'no-completion', 'has nothing to learn: its completion is empty');
  return { kind: 'completion', line: number, prompt, completion };
}

function readJson(text: string, number: number): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw refuse(number, 'not-jsonl', 'is not JSON', cause);
  }
}

/** System messages first, then user and assistant in turns as the person likes, a reply to learn among them. */
function readMessages(messages: readonly v.InferOutput<typeof message>[], number: number): TrainingMessage[] {
  const out: TrainingMessage[] = [];
  for (const { role: name, content, weight } of messages) {
    const known = v.safeParse(role, name);
    if (!known.success)
      throw refuse(number, 'invalid-role', `has the role ${name.slice(0, 40)}; system, user or assistant expected`);
    const is = known.output === 'developer' ? 'system' : known.output;
    if (is === 'system' && out.some(({ role }) => role !== 'system'))
      throw refuse(number, 'invalid-role', 'has a system message behind others; put it first');
    if (is === 'assistant' && (out.at(-1)?.role ?? 'assistant') !== 'user')
      throw refuse(number, 'invalid-role', 'has a reply that answers no user message');
    if (is === 'assistant' && weight !== 0 && (content ?? '').trim() === '')
      throw refuse(number, 'no-completion', 'has an empty reply');
    out.push({ role: is, content: content ?? '', ...(weight === undefined ? {} : { weight }) });
  }
  if (!out.some(({ role, weight }) => role === 'assistant' && weight !== 0))
    throw refuse(number, 'no-completion', 'has no reply to learn; add an assistant message');
  return out;
}

function refuse(line: number, code: TrainingDataErrorCode, what: string, cause?: unknown): TrainingDataError {
  return new TrainingDataError(code, `line ${line} ${what}`, { line }, cause === undefined ? {} : { cause });
}
