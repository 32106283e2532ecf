import type { EmbedProblem } from './api.ts';

/** What the schema of messages takes. */
const [CODE_CHARS, MESSAGE_CHARS] = [60, 500];

/**
 * An error of any part, from whatever realm, as the page is told it: `domain/code`, e.g. `gpu/no-adapter`. As the node's
 * own `problemOf`, which the frame does not load before consent.
 */
export function problemOf(error: unknown): EmbedProblem {
  if (!(error instanceof Error)) return { code: 'unexpected', message: String(error).slice(0, MESSAGE_CHARS) };
  const message = error.message.slice(0, MESSAGE_CHARS);
  if (error.name === 'QuotaExceededError') return { code: 'weights/quota-exceeded', message };
  if (!('code' in error) || typeof error.code !== 'string') return { code: 'unexpected', message };
  return { code: `${error.name.replace(/Error$/, '').toLowerCase()}/${error.code}`.slice(0, CODE_CHARS), message };
}
