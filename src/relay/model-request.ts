import { RelayError } from './errors.ts';

export interface ModelRequestInit {
  /** First byte wanted. */
  readonly from: number;
  /** Of the version that the first bytes are of. */
  readonly etag?: string;
  /** Longest time without a byte, also before the first. */
  readonly stallMs: number;
  readonly signal?: AbortSignal;
}

interface Version {
  readonly etag?: string;
  readonly modified?: string;
  /** Of the whole file, as far as the server says. */
  readonly sizeBytes?: number;
}

export type Answer = Version &
  (
    | {
        readonly kind: 'bytes';
        /** Where in the file the body starts: 0 if the server ignored the range. */
        readonly from: number;
        readonly body: AsyncIterable<Uint8Array>;
        /** Lets the connection go; may be called at any time. */
        discard(): Promise<void>;
      }
    | { readonly kind: 'past-the-end' }
  );

/** Answers that another attempt may improve; any other refusal is final. */
const PASSING = new Set([408, 425, 429, 500, 502, 503, 504]);

/**
 * Asks for a file from one byte on, following redirects.
 *
 * @throws {RelayError} `download-failed` for a refusal that repeating does not change; any other error may pass
 */
export async function requestModel(url: URL, init: ModelRequestInit): Promise<Answer> {
  const abort = new AbortController();
  const forward = () => abort.abort(init.signal?.reason);
  init.signal?.throwIfAborted();
  init.signal?.addEventListener('abort', forward, { once: true });
  let stall: Error | undefined;
  const stalled = () => {
    stall = new Error(`nothing came for ${init.stallMs / 1000} s`);
    abort.abort(stall);
  };
  let timer = setTimeout(stalled, init.stallMs);
  const release = () => {
    clearTimeout(timer);
    init.signal?.removeEventListener('abort', forward);
  };
  try {
    // A compressed body has other lengths than its file.
    const headers: Record<string, string> = { 'accept-encoding': 'identity' };
    if (init.from > 0) headers['range'] = `bytes=${init.from}-`;
    // RFC 9110: only a strong tag may be used here; with none, the answer's own headers are compared by the caller.
    if (init.from > 0 && init.etag?.startsWith('"')) headers['if-range'] = init.etag;
    const response = await fetch(url, { headers, signal: abort.signal, redirect: 'follow' });
    const version = versionOf(response);
    const discard = async () => {
      release();
      abort.abort();
      await response.body?.cancel().catch(() => undefined);
    };
    if (response.status === 416 && init.from > 0) {
      await discard();
      return { kind: 'past-the-end', ...version };
    }
    if (response.status !== 200 && response.status !== 206) {
      await discard();
      throw refusal(url, response.status);
    }
    if (response.status === 206 && version.start === undefined) {
      await discard();
      throw new Error('the server sent a part without saying which');
    }
    const body = response.body;
    if (!body) throw new Error('the server sent no body');
    const { start, ...rest } = version;
    return { kind: 'bytes', from: response.status === 206 ? (start ?? 0) : 0, ...rest, body: watch(body), discard };
  } catch (error) {
    release();
    init.signal?.throwIfAborted();
    throw stall ?? rootCause(error);
  }

  async function* watch(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of body) {
        clearTimeout(timer);
        yield chunk;
        timer = setTimeout(stalled, init.stallMs);
      }
    } catch (error) {
      init.signal?.throwIfAborted();
      throw stall ?? rootCause(error);
    } finally {
      release();
    }
  }
}

function refusal(url: URL, status: number): Error {
  const text = `${url.host}${url.pathname} answers ${status}`;
  if (PASSING.has(status)) return new Error(text);
  return new RelayError('download-failed', `${text}; check the URL, or pass a file with --model`, { place: url.host });
}

function versionOf({ headers, status }: Response): Version & { readonly start?: number } {
  const etag = headers.get('etag');
  const modified = headers.get('last-modified');
  const range = /^bytes (?:(\d{1,15})-\d{1,15}|\*)\/(\d{1,15}|\*)$/.exec(headers.get('content-range') ?? '');
  const length = status === 200 && !headers.has('content-encoding') ? headers.get('content-length') : null;
  const size = range?.[2] === undefined || range[2] === '*' ? length : range[2];
  return {
    ...(etag === null ? {} : { etag: etag.slice(0, 256) }),
    ...(modified === null ? {} : { modified: modified.slice(0, 64) }),
    ...(size !== null && /^\d{1,15}$/.test(size) ? { sizeBytes: Number(size) } : {}),
    ...(range?.[1] === undefined ? {} : { start: Number(range[1]) }),
  };
}

/** `fetch` says "fetch failed" and "terminated", and keeps what happened to itself. */
function rootCause(error: unknown): unknown {
  return error instanceof Error && error.cause instanceof Error ? error.cause : error;
}
