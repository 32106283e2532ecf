import type { Bytes } from '../../base/bytes.ts';
import { WeightsError } from '../errors.ts';

/** The part of `fetch` that is needed, so that tests can supply it. */
export type FetchRange = (url: string, init: RequestInit) => Promise<Response>;

export interface RangeInit {
  readonly signal: AbortSignal;
  readonly fetch?: FetchRange;
  /** Bytes as they arrive, whether or not the answer turns out to be good. */
  readonly onBytes?: (count: number) => void;
}

/** A server that sends nothing for so long counts as gone. */
const RANGE_TIMEOUT_MS = 30_000;

/**
 * Fetches exactly the bytes [start, end) of a file over HTTP.
 *
 * Anything but a 206 of the right length is refused, and not one byte more than asked for is read: webtorrent's own web
 * seed accepts whole files for ranges and hangs (reference p2p-stack, section 2.4). No header is sent that would make a
 * cross-origin request ask for leave first.
 *
 * @throws {WeightsError} `transfer-failed`
 */
export async function fetchRange(url: string, start: number, end: number, init: RangeInit): Promise<Bytes> {
  const { signal, onBytes } = init;
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(RANGE_TIMEOUT_MS)]);
  try {
    const response = await (init.fetch ?? fetch)(url, {
      headers: { range: `bytes=${start}-${end - 1}` },
      cache: 'no-store',
      signal: bounded,
    });
    if (response.status !== 206 || !response.body) {
      await response.body?.cancel();
      throw badSeed(`answered ${response.status} to a range`);
    }
    return await readExactly(response.body.getReader(), end - start, onBytes);
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof WeightsError) throw cause;
    throw badSeed('could not be reached', cause);
  }
}

async function readExactly(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  length: number,
  onBytes: ((count: number) => void) | undefined,
): Promise<Bytes> {
  const out = new Uint8Array(length);
  let filled = 0;
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    onBytes?.(part.value.byteLength);
    if (filled + part.value.byteLength > length) {
      await reader.cancel();
      throw badSeed(`sent more than the ${length} bytes asked for`);
    }
    out.set(part.value, filled);
    filled += part.value.byteLength;
  }
  if (filled < length) throw badSeed(`sent ${filled} of ${length} bytes`);
  return out;
}

function badSeed(message: string, cause?: unknown): WeightsError {
  return new WeightsError('transfer-failed', `the web seed ${message}; peers may still have the model`, {}, { cause });
}
