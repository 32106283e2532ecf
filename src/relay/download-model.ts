import { createHash } from 'node:crypto';
import { mkdir, open, rename, rm, stat, statfs, type FileHandle } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAbort } from '../base/app-error.ts';
import { identityOf, isSameVersion, readState, statePath, writeState, type DownloadState } from './download-state.ts';
import { describeError, RelayError, systemCode } from './errors.ts';
import { hashFile } from './model-file.ts';
import { requestModel, type Answer } from './model-request.ts';

export interface DownloadInit {
  readonly url: string;
  /** Where the model and what is needed to resume are kept. */
  readonly dir: string;
  /** Lower-case hex; a file with another SHA-256 is refused and deleted. */
  readonly sha256?: string;
  readonly onProgress?: (doneBytes: number, sizeBytes: number | undefined) => void;
  readonly onRetry?: (reason: string) => void;
  readonly signal?: AbortSignal;
  readonly limits?: Partial<DownloadLimits>;
}

export interface DownloadLimits {
  /** Attempts in a row that bring nothing new before giving up. */
  readonly idleAttempts: number;
  /** Pause before the first repetition; doubles with each. */
  readonly retryMs: number;
  /** Longest time without a byte. */
  readonly stallMs: number;
  readonly maxBytes: number;
}

export interface DownloadedModel {
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  /** False if an earlier run had fetched it already. */
  readonly isFresh: boolean;
}

const LIMITS: DownloadLimits = { idleAttempts: 5, retryMs: 1_000, stallMs: 60_000, maxBytes: 256 * 2 ** 30 };
/** Left free for everything else that runs on this computer. */
const SPARE_BYTES = 64 * 2 ** 20;

/**
 * Streams a model to `<dir>/<name>.part`, resumes by ranges after interruptions and restarts, and moves it into place
 * when it is complete and has the required SHA-256. A URL that was fetched before is not fetched again.
 *
 * @throws {RelayError} `bad-option`, `download-failed`, `hash-mismatch`, `disk-full`, `model-refused`
 */
export async function downloadModel(init: DownloadInit): Promise<DownloadedModel> {
  const url = readUrl(init.url);
  const key = withoutSecrets(url);
  await mkdir(init.dir, { recursive: true });
  const path = join(init.dir, await chooseName(init.dir, url, key));
  const kept = await readComplete(path, key);
  if (kept) {
    if (init.sha256 !== undefined && kept.sha256 !== init.sha256)
      throw await refuseHash(path, kept.sha256, init.sha256);
    return { path, ...kept, isFresh: false };
  }
  try {
    const state = await fetchAll(url, key, path, init);
    return { ...(await finish(path, state, init)), isFresh: true };
  } catch (cause) {
    init.signal?.throwIfAborted();
    if (systemCode(cause) !== 'ENOSPC') throw cause;
    throw new RelayError(
      'disk-full',
      `no room left for ${basename(path)}; free disk space and start again`,
      {},
      { cause },
    );
  }
}

/** A URL as it may be shown and remembered: without password and query, which may hold a key. */
export function withoutSecrets(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

export function isUrl(place: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\//i.test(place);
}

function readUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && (url.protocol === 'http:' || url.protocol === 'https:')) return url;
  throw new RelayError('bad-option', `${text.slice(0, 200)} is no http(s) URL; pass a file or a URL with --model`, {
    place: text,
  });
}

/** The URL's own file name, or with a mark if another URL has that name already. */
async function chooseName(dir: string, url: URL, key: string): Promise<string> {
  const last = safeDecode(url.pathname.split('/').at(-1) ?? '');
  const plain =
    last
      .replaceAll(/[^\w.+-]/g, '_')
      .replace(/^[._]+/, '')
      .slice(-100) || 'model.gguf';
  const owner = (await readState(join(dir, plain)))?.url;
  if (owner === undefined || owner === key) return plain;
  const mark = createHash('sha256').update(key).digest('hex').slice(0, 8);
  const ending = extname(plain);
  return `${plain.slice(0, plain.length - ending.length)}-${mark}${ending}`;
}

async function fetchAll(url: URL, key: string, path: string, init: DownloadInit): Promise<DownloadState> {
  const limits = { ...LIMITS, ...init.limits };
  let state: DownloadState = (await readState(path)) ?? { url: key };
  if (state.url !== key || state.sha256 !== undefined) state = { url: key };
  const file = await openPart(`${path}.part`);
  try {
    let best = (await file.stat()).size;
    for (let idle = 0; ;) {
      const reason = await attempt();
      if (reason === undefined) return state;
      const have = (await file.stat()).size;
      idle = have > best ? 0 : idle + 1;
      best = Math.max(best, have);
      if (idle >= limits.idleAttempts) {
        throw new RelayError(
          'download-failed',
          `${url.host}${url.pathname} could not be fetched: ${reason}; start again to resume, or pass a file with --model`,
          { place: key },
        );
      }
      init.onRetry?.(reason);
      await sleep(limits.retryMs * 2 ** Math.min(idle, 5), undefined, init.signal ? { signal: init.signal } : {});
    }
  } finally {
    await file.close();
  }

  /** @returns undefined when the file is complete, else why it is not */
  async function attempt(): Promise<string | undefined> {
    const have = (await file.stat()).size;
    // Without anything that identifies the version, a resumed file might be of two halves that never belonged together.
    const canResume =
      have > 0 && (state.etag !== undefined || state.modified !== undefined || state.sizeBytes !== undefined);
    if (have > 0 && !canResume) await file.truncate(0);
    let answer: Answer;
    try {
      answer = await requestModel(url, {
        from: canResume ? have : 0,
        stallMs: limits.stallMs,
        ...(state.etag === undefined ? {} : { etag: state.etag }),
        ...(init.signal ? { signal: init.signal } : {}),
      });
    } catch (error) {
      if (isAbort(error) || error instanceof RelayError) throw error;
      return describeError(error);
    }
    if (answer.kind === 'past-the-end') {
      if (answer.sizeBytes === have && isSameVersion(state, answer, have)) return undefined;
      await file.truncate(0);
      return 'the server has another version of the file';
    }
    const isOther = answer.from > 0 && (answer.from !== have || !isSameVersion(state, answer, have));
    if (isOther) {
      await answer.discard();
      await file.truncate(0);
      state = { url: key };
      return 'the file changed on the server';
    }
    if (answer.from === 0) await file.truncate(0);
    state = { url: key, ...identityOf(answer) };
    await writeState(path, state);
    try {
      await checkRoom(path, (answer.sizeBytes ?? 0) - answer.from, limits.maxBytes);
      return await receive(file, answer, limits.maxBytes, init.onProgress);
    } finally {
      await answer.discard();
    }
  }
}

async function receive(
  file: FileHandle,
  answer: Answer & { kind: 'bytes' },
  maxBytes: number,
  onProgress: DownloadInit['onProgress'],
): Promise<string | undefined> {
  let at = answer.from;
  try {
    for await (const chunk of answer.body) {
      if (at === 0 && !isGgufStart(chunk)) {
        throw new RelayError('model-refused', 'what the server sends is no GGUF file; check the URL', {});
      }
      if (at + chunk.byteLength > maxBytes) {
        throw new RelayError('model-refused', `the server sends more than ${maxBytes} bytes, the limit of a model`, {});
      }
      for (let done = 0; done < chunk.byteLength;) {
        done += (await file.write(chunk, done, chunk.byteLength - done, at + done)).bytesWritten;
      }
      at += chunk.byteLength;
      onProgress?.(at, answer.sizeBytes);
    }
  } catch (error) {
    if (isAbort(error) || error instanceof RelayError || systemCode(error) === 'ENOSPC') throw error;
    return describeError(error);
  }
  if (answer.sizeBytes !== undefined && at !== answer.sizeBytes)
    return `it ended after ${at} of ${answer.sizeBytes} bytes`;
  return at === 0 ? 'the server sent nothing' : undefined;
}

/** The first four bytes; a shorter first chunk is judged when the file is published. */
function isGgufStart(chunk: Uint8Array): boolean {
  return chunk.byteLength < 4 || new TextDecoder().decode(chunk.subarray(0, 4)) === 'GGUF';
}

async function finish(path: string, state: DownloadState, init: DownloadInit) {
  const part = `${path}.part`;
  const sha256 = await hashFile(part, init.signal);
  if (init.sha256 !== undefined && sha256 !== init.sha256) throw await refuseHash(path, sha256, init.sha256);
  await rename(part, path);
  const { size, mtimeMs } = await stat(path);
  await writeState(path, { ...state, sizeBytes: size, sha256, mtimeMs });
  return { path, sha256, sizeBytes: size };
}

/** Forgets a fetched file, so that the next run fetches it anew. */
export async function discardDownload(path: string): Promise<void> {
  for (const file of [path, `${path}.part`, statePath(path)]) await rm(file, { force: true });
}

async function refuseHash(path: string, found: string, required: string): Promise<RelayError> {
  await discardDownload(path);
  return new RelayError(
    'hash-mismatch',
    `${basename(path)} has SHA-256 ${found}, required ${required}; it was deleted: check the URL and the number`,
    { place: path },
  );
}

async function checkRoom(path: string, missingBytes: number, maxBytes: number): Promise<void> {
  if (missingBytes > maxBytes) {
    throw new RelayError(
      'model-refused',
      `${basename(path)} is larger than ${maxBytes} bytes, the limit of a model`,
      {},
    );
  }
  const { bavail, bsize } = await statfs(join(path, '..'));
  const freeBytes = bavail * bsize - SPARE_BYTES;
  if (missingBytes > freeBytes) {
    throw new RelayError(
      'disk-full',
      `${basename(path)} needs ${missingBytes} more bytes and ${Math.max(0, freeBytes)} are free; free disk space or choose another folder with --data`,
      { place: path },
    );
  }
}

async function openPart(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'r+');
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') throw error;
    return open(path, 'w+');
  }
}

async function readComplete(path: string, key: string): Promise<{ sha256: string; sizeBytes: number } | undefined> {
  const state = await readState(path);
  const found = await stat(path).catch(() => undefined);
  if (!found || state?.url !== key || state.sha256 === undefined) return undefined;
  if (found.size !== state.sizeBytes || found.mtimeMs !== state.mtimeMs) return undefined;
  return { sha256: state.sha256, sizeBytes: found.size };
}

function safeDecode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
