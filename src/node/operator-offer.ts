import { safeParse } from 'valibot';
import { bootstrap, type Bootstrap } from '../protocol/index.ts';
import { NodeError } from './errors.ts';

// A list of a thousand models is far below this.
const MAX_OFFER_BYTES = 1024 * 1024;

/**
 * Reads what this page's operator offers: where peers meet and which models it publishes. Nothing is registered by it.
 *
 * @throws {NodeError} `offline` or `bad-offer`
 */
export async function readOperatorOffer(): Promise<Bootstrap> {
  const text = await fetchText();
  const parsed = safeParse(bootstrap, parseJson(text));
  if (!parsed.success) {
    throw new NodeError('bad-offer', 'node: the server’s list of models is malformed; tell its operator', {});
  }
  return parsed.output;
}

async function fetchText(): Promise<string> {
  try {
    const response = await fetch('/bootstrap.json', { cache: 'no-store', signal: AbortSignal.timeout(10_000) });
    if (!response.ok) throw new Error(`status ${response.status}`);
    const bytes = await response.arrayBuffer();
    if (bytes.byteLength > MAX_OFFER_BYTES) throw new Error(`${bytes.byteLength} bytes`);
    return new TextDecoder().decode(bytes);
  } catch (cause) {
    throw new NodeError('offline', 'node: the page’s server does not answer; try again when it does', {}, { cause });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
