import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRandom } from '../base/random.ts';
import { downloadFile } from './download-file.ts';
import { fetchModelFile } from './published-url.ts';

const random = createRandom(4);
const content = Buffer.from(Uint8Array.from({ length: 300_000 }, () => random.u32()));
const sha256 = createHash('sha256').update(content).digest('hex');

type Handler = (request: IncomingMessage, response: ServerResponse, start: number) => void;
let dir: string;
let url: string;
let handler: Handler;
let ranges: (string | undefined)[];
let close: () => Promise<void>;

/** An honest server. */
const honest: Handler = (_, response, start) => {
  if (start >= content.length)
    return void response.writeHead(416, { 'content-range': `bytes */${content.length}` }).end();
  const headers = { etag: '"v1"', 'content-length': content.length - start };
  if (start > 0) {
    const range = { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` };
    response.writeHead(206, { ...headers, ...range });
  } else response.writeHead(200, headers);
  response.end(content.subarray(start));
};
/** Sends `bytes` of what is due and drops the connection. */
const cutAfter =
  (bytes: number): Handler =>
  (_, response, start) => {
    const range = { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` };
    response.writeHead(start > 0 ? 206 : 200, {
      etag: '"v1"',
      'content-length': content.length - start,
      ...(start > 0 ? range : {}),
    });
    // A moment later: a reader drops what it has queued when its connection breaks.
    response.write(content.subarray(start, start + bytes), () => setTimeout(() => response.destroy(), 20));
  };

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'starling-download-'));
  ranges = [];
  const server = createServer((request, response) => {
    ranges.push(request.headers.range);
    handler(request, response, Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/model.gguf`;
  close = () =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
});
afterEach(async () => {
  await close();
  await rm(dir, { recursive: true });
});

const signal = new AbortController().signal;
const path = () => join(dir, 'models', 'model.gguf');
const download = (more: Partial<Parameters<typeof downloadFile>[0]> = {}) =>
  downloadFile({ url, path: path(), signal, retryMs: 1, ...more });

test('a file is fetched, hashed and progress told', async () => {
  handler = honest;
  const progress: (number | undefined)[] = [];
  expect(await download({ sha256, onProgress: (done, total) => progress.push(done, total) })).toBe(sha256);
  expect(await readFile(path())).toEqual(content);
  expect(progress.slice(-2)).toEqual([content.length, content.length]);
  expect(existsSync(`${path()}.part`)).toBe(false);
  expect(existsSync(`${path()}.part.json`)).toBe(false);
});

test('a server that cuts off again and again is resumed by Range, and every byte is right', async () => {
  let cuts = 0;
  handler = (...all) => (cuts++ < 8 ? cutAfter(30_000)(...all) : honest(...all));
  expect(await download()).toBe(sha256);
  expect(ranges[0]).toBeUndefined();
  expect(ranges.length).toBeGreaterThan(8);
  expect(ranges.slice(1).every((range) => /^bytes=\d{4,}-$/.test(range ?? ''))).toBe(true);
});

test('an interrupted process resumes in the next one', async () => {
  handler = cutAfter(100_000);
  const abort = new AbortController();
  const running = download({ signal: abort.signal, retryMs: 100_000 });
  while (!existsSync(`${path()}.part`) || (await readFile(`${path()}.part`)).length < 100_000)
    await new Promise((r) => setTimeout(r, 5));
  abort.abort();
  await expect(running).rejects.toMatchObject({ name: 'AbortError' });
  handler = honest;
  ranges = [];
  expect(await download({ sha256 })).toBe(sha256);
  expect(ranges).toEqual(['bytes=100000-']);
});

test('a server that answers ranges from the start, or from elsewhere, does not spoil the file', async () => {
  handler = cutAfter(100_000);
  await expect(download({ signal: AbortSignal.timeout(200), retryMs: 100_000 })).rejects.toBeDefined();
  handler = (request, response) => honest(request, response, 0);
  expect(await download()).toBe(sha256);

  await rm(path());
  handler = cutAfter(100_000);
  await expect(download({ signal: AbortSignal.timeout(200), retryMs: 100_000 })).rejects.toBeDefined();
  let lies = 0;
  handler = (request, response, start) => honest(request, response, start > 0 && lies++ === 0 ? 50 : start);
  expect(await download()).toBe(sha256);
});

test('a range that lies in header and body is caught by the hash, and fetched again from the start', async () => {
  handler = cutAfter(100_000);
  await expect(download({ signal: AbortSignal.timeout(200), retryMs: 100_000 })).rejects.toBeDefined();
  handler = (request, response, start) => {
    if (start === 0) return honest(request, response, 0);
    const range = { 'content-range': `bytes ${start}-${content.length - 1}/${content.length}` };
    response
      .writeHead(206, { ...range, 'content-length': content.length - start })
      .end(content.subarray(0, content.length - start));
  };
  expect(await download({ sha256 })).toBe(sha256);
});

test('a wrong hash is refused by name and nothing is kept', async () => {
  handler = honest;
  await expect(download({ sha256: '0'.repeat(64) })).rejects.toMatchObject({ code: 'wrong-hash' });
  expect(existsSync(path()) || existsSync(`${path()}.part`)).toBe(false);
});

test('a file that changed on the server is not glued together', async () => {
  handler = cutAfter(100_000);
  await expect(download({ signal: AbortSignal.timeout(200), retryMs: 100_000 })).rejects.toBeDefined();
  const other = Buffer.from(content.toReversed());
  handler = (request, response) => {
    expect(request.headers['if-range']).toBe('"v1"');
    response.writeHead(200, { etag: '"v2"', 'content-length': other.length }).end(other);
  };
  await download();
  expect(await readFile(path())).toEqual(other);
});

test('a server that is not there, refuses, or always cuts at once ends in a name', async () => {
  handler = (_, response) => void response.writeHead(404).end();
  await expect(download()).rejects.toMatchObject({
    code: 'download-failed',
    message: expect.stringContaining('404') as string,
  });
  handler = cutAfter(0);
  await expect(download()).rejects.toMatchObject({ code: 'download-failed' });
  expect(ranges.length).toBeLessThanOrEqual(7);
  await expect(download({ url: 'http://127.0.0.1:1/x' })).rejects.toMatchObject({ code: 'download-failed' });
});

test('a URL is fetched once; a second run finds the file', async () => {
  handler = honest;
  const first = await fetchModelFile(url, { dataDir: dir, signal });
  expect(first).toMatchObject({ sha256, wasHere: false });
  expect(first.path).toMatch(/model-[0-9a-f]{8}\.gguf$/);
  ranges = [];
  expect(await fetchModelFile(url, { dataDir: dir, signal, sha256 })).toMatchObject({
    path: first.path,
    wasHere: true,
  });
  expect(ranges).toEqual([]);
});
