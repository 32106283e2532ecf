import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isAbort } from '../base/app-error.ts';
import { delay, systemClock } from '../base/clock.ts';
import { RelayError } from './errors.ts';

export interface DownloadInit {
  readonly url: string;
  /** Where the finished file goes; `PATH.part` grows beside it. */
  readonly path: string;
  /** Hex; the file is refused unless it hashes to this. */
  readonly sha256?: string;
  readonly onProgress?: (doneBytes: number, totalBytes: number | undefined) => void;
  readonly signal: AbortSignal;
  /** Waited before each further attempt; tests make it short. */
  readonly retryMs?: number;
}

/** What the server said of the file when the first byte came: a resumed rest must be of the same one. */
interface PartNote {
  readonly url: string;
  readonly validator: string | null;
}

const MAX_ATTEMPTS = 5;
const RETRY_MS = 1000;

/**
 * Fetches a file over HTTP, resuming by `Range` after every interruption, also of an earlier process.
 *
 * @returns the SHA-256 of the finished file, hex
 * @throws {RelayError} `download-failed` (what arrived is kept for the next time) or `wrong-hash` (nothing is kept)
 */
export async function downloadFile(init: DownloadInit): Promise<string> {
  await mkdir(dirname(init.path), { recursive: true });
  const hadPart = (await partSize(init.path)) > 0;
  await fetchWhole(init);
  let hash = await hashFile(`${init.path}.part`, init.signal);
  if (init.sha256 !== undefined && hash !== init.sha256 && hadPart) {
    // A server that lies about ranges spoils what was there before: once more from the first byte.
    await dropPart(init.path);
    await fetchWhole(init);
    hash = await hashFile(`${init.path}.part`, init.signal);
  }
  if (init.sha256 !== undefined && hash !== init.sha256) {
    await dropPart(init.path);
    throw new RelayError(
      'wrong-hash',
      `${init.url} has SHA-256 ${hash}, ${init.sha256} expected; nothing was kept, check the URL and the hash`,
    );
  }
  await rename(`${init.path}.part`, init.path);
  await rm(noteOf(init.path), { force: true });
  return hash;
}

async function fetchWhole(init: DownloadInit): Promise<void> {
  let attempts = 0;
  for (;;) {
    const before = await partSize(init.path);
    try {
      if (await fetchRest(init)) return;
    } catch (error) {
      init.signal.throwIfAborted();
      if (isAbort(error) || error instanceof RelayError) throw error;
      // An attempt that brought bytes was worth it; five in a row without are not.
      attempts = (await partSize(init.path)) > before ? 1 : attempts + 1;
      if (attempts >= MAX_ATTEMPTS) throw unreachable(init.url, error);
    }
    await delay(systemClock, (init.retryMs ?? RETRY_MS) * Math.max(1, attempts), init.signal);
  }
}

/** One request for what is missing. @returns true if the file is complete */
async function fetchRest(init: DownloadInit): Promise<boolean> {
  const { url, path, signal } = init;
  const note = await readNote(path);
  if (note?.url !== url) await dropPart(path);
  let offset = await partSize(path);
  const headers: Record<string, string> = { 'accept-encoding': 'identity' };
  if (offset > 0) headers['range'] = `bytes=${offset}-`;
  if (offset > 0 && note?.validator) headers['if-range'] = note.validator;
  const response = await fetch(url, { headers, signal });
  const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '');
  if (response.status === 416 || (response.status === 206 && Number(range?.[1]) !== offset)) {
    await response.body?.cancel();
    // Either the part is complete or it is of another file: the size that the server names tells.
    const total = /\/(\d+)$/.exec(response.headers.get('content-range') ?? '')?.[1];
    if (response.status === 416 && Number(total) === offset) return true;
    await dropPart(path);
    throw new Error('the server did not continue where it was asked to');
  }
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    if (response.status >= 400 && response.status < 500) throw refused(url, response.status);
    throw new Error(`status ${response.status}`);
  }
  if (response.status === 200) {
    await dropPart(path);
    offset = 0;
  }
  const length = Number(response.headers.get('content-length') ?? Number.NaN);
  const total = Number.isFinite(length) ? offset + length : undefined;
  await writeFile(noteOf(path), JSON.stringify({ url, validator: validatorOf(response) } satisfies PartNote));
  const end = await append(response.body, init, offset, total);
  if (total !== undefined && end !== total) throw new Error(`cut off at ${end} of ${total} bytes`);
  return true;
}

async function append(
  body: ReadableStream<Uint8Array>,
  { path, onProgress, signal }: DownloadInit,
  offset: number,
  total: number | undefined,
): Promise<number> {
  const handle = await open(`${path}.part`, 'a');
  let end = offset;
  try {
    for await (const chunk of body) {
      signal.throwIfAborted();
      if (total !== undefined && end + chunk.byteLength > total) throw new Error('more bytes than announced');
      await handle.write(chunk);
      end += chunk.byteLength;
      onProgress?.(end, total);
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOSPC') {
      throw new RelayError('download-failed', `no room on the disk for ${path}; free some and run again`, error);
    }
    throw error;
  } finally {
    await handle.close();
  }
  return end;
}

export async function hashFile(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024, signal }))
    hash.update(chunk as Buffer);
  return hash.digest('hex');
}

function validatorOf(response: Response): string | null {
  const etag = response.headers.get('etag');
  return etag !== null && !etag.startsWith('W/') ? etag : response.headers.get('last-modified');
}

const noteOf = (path: string) => `${path}.part.json`;

async function readNote(path: string): Promise<PartNote | undefined> {
  try {
    const note = JSON.parse(await readFile(noteOf(path), 'utf8')) as Partial<PartNote>;
    return typeof note.url === 'string' ? { url: note.url, validator: note.validator ?? null } : undefined;
  } catch {
    return undefined;
  }
}

async function partSize(path: string): Promise<number> {
  return (await stat(`${path}.part`).catch(() => undefined))?.size ?? 0;
}

async function dropPart(path: string): Promise<void> {
  await rm(`${path}.part`, { force: true });
  await rm(noteOf(path), { force: true });
}

function refused(url: string, status: number): RelayError {
  return new RelayError('download-failed', `${url} answered ${status}; check the URL`);
}

function unreachable(url: string, cause: unknown): RelayError {
  const reason = cause instanceof Error ? cause.message : 'unknown';
  return new RelayError('download-failed', `${url} could not be fetched (${reason}); run again to resume`, cause);
}
