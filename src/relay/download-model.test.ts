import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { randomGguf } from '../../e2e/gguf-writer.ts';
import { downloadModel, type DownloadInit } from './download-model.ts';

const file = randomGguf({ sizeBytes: 1_500_000, seed: 4, layers: 3 });
const other = randomGguf({ sizeBytes: 1_500_000, seed: 5, layers: 3 });
const sha = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');
const HALF = 700_000;

type Answer = (request: IncomingMessage, response: ServerResponse, attempt: number) => void;
let dir: string;
let server: Server;
let answer: Answer;
/** The `Range` header of each request, in order. */
let ranges: (string | undefined)[];
let url: string;

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'starling-download-'));
  ranges = [];
  server = createServer((request, response) => {
    ranges.push(request.headers.range);
    answer(request, response, ranges.length);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/models/small.gguf`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(dir, { recursive: true });
});

const download = (more: Partial<DownloadInit> = {}) =>
  downloadModel({ url, dir, ...more, limits: { retryMs: 1, idleAttempts: 3, stallMs: 5_000, ...more.limits } });

/** A good server: ranges, a strong tag. `cutAt` breaks the connection when that many bytes of the file were sent. */
function serve(
  bytes: Uint8Array,
  response: ServerResponse,
  request: IncomingMessage,
  cutAt?: number,
  etag = `"${sha(bytes)}"`,
) {
  const isSame = request.headers['if-range'] === undefined || request.headers['if-range'] === etag;
  const from = isSame ? Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0) : 0;
  if (from >= bytes.byteLength) {
    return void response.writeHead(416, { 'content-range': `bytes */${bytes.byteLength}`, etag }).end();
  }
  response.writeHead(from > 0 ? 206 : 200, {
    etag,
    'content-length': bytes.byteLength - from,
    ...(from > 0 ? { 'content-range': `bytes ${from}-${bytes.byteLength - 1}/${bytes.byteLength}` } : {}),
  });
  if (cutAt === undefined) return void response.end(bytes.subarray(from));
  response.write(bytes.subarray(from, cutAt), () => response.destroy());
}

async function expectFile(path: string, bytes: Uint8Array) {
  expect(sha(await readFile(path))).toBe(sha(bytes));
}

test('a file is fetched with progress and its SHA-256, and not again by the next run', async () => {
  answer = (request, response) => serve(file, response, request);
  const seen: number[] = [];
  const first = await download({ sha256: sha(file), onProgress: (done) => seen.push(done) });
  expect(first).toEqual({
    path: join(dir, 'small.gguf'),
    sha256: sha(file),
    sizeBytes: file.byteLength,
    isFresh: true,
  });
  await expectFile(first.path, file);
  expect(seen.at(-1)).toBe(file.byteLength);
  expect((await readdir(dir)).sort()).toEqual(['small.gguf', 'small.gguf.json']);
  expect(await download()).toEqual({ ...first, isFresh: false });
  expect(ranges.length).toBe(1);
});

test('a broken connection is resumed where it broke', async () => {
  answer = (request, response, attempt) => serve(file, response, request, attempt === 1 ? HALF : undefined);
  const reasons: string[] = [];
  const { path } = await download({ onRetry: (reason) => reasons.push(reason) });
  await expectFile(path, file);
  expect(reasons.length).toBe(1);
  const from = Number(/^bytes=(\d+)-$/.exec(ranges[1] ?? '')?.[1]);
  expect(from).toBeGreaterThan(0);
  expect(from).toBeLessThanOrEqual(HALF);
});

test('a run that was ended is resumed by the next one', async () => {
  answer = (request, response) => serve(file, response, request, HALF);
  const abort = new AbortController();
  await expect(
    download({ signal: abort.signal, limits: { retryMs: 60_000 }, onRetry: () => abort.abort() }),
  ).rejects.toMatchObject({ name: 'AbortError' });
  const have = (await stat(join(dir, 'small.gguf.part'))).size;
  expect(have).toBeGreaterThan(0);
  answer = (request, response) => serve(file, response, request);
  await expectFile((await download()).path, file);
  expect(ranges.at(-1)).toBe(`bytes=${have}-`);
});

test('a server that ignores ranges sends the file from its start', async () => {
  answer = (request, response, attempt) => {
    if (attempt === 1) return serve(file, response, request, HALF);
    response.writeHead(200, { 'content-length': file.byteLength }).end(file);
  };
  await expectFile((await download()).path, file);
});

test.each([
  ['with a strong tag', undefined],
  ['with a weak tag, which cannot be asked for', 'W/'],
])('a file that changes between attempts is fetched anew: %s', async (_name, prefix) => {
  const tag = (bytes: Uint8Array) => `${prefix ?? ''}"${sha(bytes).slice(0, 8)}"`;
  answer = (request, response, attempt) =>
    attempt === 1
      ? serve(file, response, request, HALF, tag(file))
      : serve(other, response, request, undefined, tag(other));
  await expectFile((await download()).path, other);
});

test('a server that answers another part than was asked for is not believed', async () => {
  answer = (request, response, attempt) => {
    if (attempt !== 2) return serve(file, response, request, attempt === 1 ? HALF : undefined);
    const body = other.subarray(5, 1_000);
    const range = `bytes 5-999/${file.byteLength}`;
    response.writeHead(206, { 'content-length': body.byteLength, 'content-range': range }).end(body);
  };
  await expectFile((await download()).path, file);
});

test('a server that lies about the length is given up on, by name, and what came is kept for a resumption', async () => {
  answer = (_request, response) => {
    response.writeHead(200, { 'content-length': file.byteLength + 1_000 });
    response.write(file, () => response.destroy());
  };
  await expect(download()).rejects.toMatchObject({
    code: 'download-failed',
    message: expect.stringContaining('start again to resume') as string,
  });
  expect((await stat(join(dir, 'small.gguf.part'))).size).toBeGreaterThan(0);
  expect(ranges.length).toBeGreaterThan(2);
});

test('redirects are followed, and the name is the one of the URL that was asked for', async () => {
  answer = (request, response) => {
    if (request.url === '/elsewhere') return serve(file, response, request);
    response.writeHead(302, { location: '/elsewhere' }).end();
  };
  const { path } = await download();
  expect(path).toBe(join(dir, 'small.gguf'));
  await expectFile(path, file);
});

test('a body without a length is taken as it comes', async () => {
  answer = (_request, response) => {
    response.writeHead(200);
    response.write(file.subarray(0, HALF));
    response.end(file.subarray(HALF));
  };
  await expectFile((await download()).path, file);
});

test('a file with another SHA-256 is refused and deleted, also one that was fetched before', async () => {
  answer = (request, response) => serve(file, response, request);
  const wrong = { sha256: '0'.repeat(64) };
  await expect(download(wrong)).rejects.toMatchObject({ code: 'hash-mismatch' });
  expect(await readdir(dir)).toEqual([]);
  await download();
  await expect(download(wrong)).rejects.toMatchObject({ code: 'hash-mismatch' });
  expect(await readdir(dir)).toEqual([]);
});

test('what is no GGUF, too large or refused ends at once', async () => {
  answer = (_request, response) => void response.writeHead(200).end('<!doctype html>please log in');
  await expect(download()).rejects.toMatchObject({ code: 'model-refused' });
  answer = (_request, response) => void response.writeHead(404).end();
  await expect(download()).rejects.toMatchObject({ code: 'download-failed' });
  answer = (request, response) => serve(file, response, request);
  await expect(download({ limits: { maxBytes: 1_000 } })).rejects.toMatchObject({ code: 'model-refused' });
  answer = (_request, response) => {
    response.writeHead(200);
    response.write(file.subarray(0, 2_000));
  };
  await expect(download({ limits: { maxBytes: 1_000 } })).rejects.toMatchObject({ code: 'model-refused' });
  answer = (_request, response) => void response.writeHead(200, { 'content-length': 2 ** 48 }).write('GGUF');
  await expect(download({ limits: { maxBytes: 2 ** 52 } })).rejects.toMatchObject({ code: 'disk-full' });
  expect(ranges.length).toBe(5);
  await expect(download({ url: 'ftp://example.org/a.gguf' })).rejects.toMatchObject({ code: 'bad-option' });
});

test('a server that falls silent is left after the stall time', async () => {
  answer = (request, response, attempt) => {
    if (attempt > 1) return serve(file, response, request);
    response.writeHead(200, { 'content-length': file.byteLength }).write(file.subarray(0, 1_000));
  };
  const reasons: string[] = [];
  const { path } = await download({ limits: { stallMs: 150 }, onRetry: (reason) => reasons.push(reason) });
  await expectFile(path, file);
  expect(reasons).toEqual(['nothing came for 0.15 s']);
});

test('two URLs with one name do not overwrite each other', async () => {
  answer = (request, response) => serve(request.url?.startsWith('/b') ? other : file, response, request);
  const a = await download();
  const b = await download({ url: new URL('/b/small.gguf?key=secret', url).href });
  expect(b.path).toMatch(/small-[0-9a-f]{8}\.gguf$/);
  await expectFile(a.path, file);
  await expectFile(b.path, other);
  expect(await readFile(`${b.path}.json`, 'utf8')).not.toContain('secret');
});
