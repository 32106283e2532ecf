import { appendFile, mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'valibot';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomGguf } from '../../e2e/gguf-writer.ts';
import { hexToBytes } from '../base/bytes.ts';
import { bootstrap as bootstrapSchema, type BootstrapModel } from '../protocol/index.ts';
import { openManifest } from '../weights/index.ts';
import { openTorrentFile } from '../weights/node-index.ts';
import { createOperator, type Operator, type OperatorInit } from './operator.ts';

const MIB = 2 ** 20;
let folder: string;
let operator: Operator;
const file = randomGguf({ sizeBytes: 3 * MIB, seed: 1, layers: 6 });

const start = (init: Partial<OperatorInit> = {}) =>
  createOperator({ dataDir: join(folder, 'data'), app: join(folder, 'app'), ...init });
const at = (path: string, from = operator) => new URL(path, from.url);

async function readBootstrap(from = operator, headers: Record<string, string> = {}) {
  return parse(bootstrapSchema, await (await fetch(at('/bootstrap.json', from), { headers })).json());
}

async function firstModel(from = operator): Promise<BootstrapModel> {
  const [model] = (await readBootstrap(from)).models;
  if (!model) throw new Error('no model');
  return model;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'starling-relay-'));
  await mkdir(join(folder, 'app/assets'), { recursive: true });
  await writeFile(join(folder, 'app/index.html'), '<!doctype html><title>Starling</title>');
  await writeFile(join(folder, 'app/service-worker.js'), '// worker');
  await writeFile(join(folder, 'app/assets/index-1a2b.js'), 'export {};');
  await writeFile(join(folder, 'app/assets/long-3c4d.js'), `export default '${'long '.repeat(1_000)}';`);
  await writeFile(join(folder, 'secret.txt'), 'secret');
  await writeFile(join(folder, 'model one.gguf'), file);
  operator = await start({ models: [{ place: join(folder, 'model one.gguf'), licence: 'CC0-1.0' }] });
});
afterAll(async () => {
  await operator.stop();
  await rm(folder, { recursive: true });
});

test('the page is served with its caching and security headers, and unknown paths are 404', async () => {
  const page = await fetch(at('/'));
  expect(await page.text()).toContain('Starling');
  expect(page.headers.get('content-type')).toMatch(/^text\/html/);
  expect(page.headers.get('cache-control')).toBe('no-cache');
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self' 'wasm-unsafe-eval';");
  expect(page.headers.get('x-content-type-options')).toBe('nosniff');
  expect(page.headers.get('referrer-policy')).toBe('no-referrer');
  expect((await fetch(at('/service-worker.js'))).headers.get('cache-control')).toBe('no-cache');
  const script = await fetch(at('/assets/index-1a2b.js'));
  expect(script.headers.get('cache-control')).toContain('immutable');
  expect(script.headers.get('content-type')).toMatch(/javascript/);
  expect((await fetch(at('/models'))).status).toBe(404);
  expect((await fetch(at('/'), { method: 'POST', body: 'x' })).status).toBe(405);
});

test('scripts travel compressed, weights as they are', async () => {
  const headers = { 'accept-encoding': 'gzip' };
  const script = await fetch(at('/assets/long-3c4d.js'), { headers });
  expect(script.headers.get('content-encoding')).toBe('gzip');
  expect(script.headers.get('vary')).toMatch(/accept-encoding/i);
  expect(await script.text()).toContain('long long');
  expect(
    (await fetch(at('/assets/long-3c4d.js'), { headers: { 'accept-encoding': 'identity' } })).headers.get(
      'content-encoding',
    ),
  ).toBeNull();
  const weights = await fetch(at((await firstModel()).webSeed), { headers });
  expect(weights.headers.get('content-encoding')).toBeNull();
  expect((await weights.arrayBuffer()).byteLength).toBe(file.byteLength);
});

test('no path leads out of the page’s folder', async () => {
  const { port } = new URL(operator.url);
  for (const path of [
    '/../secret.txt',
    '/%2e%2e/secret.txt',
    '/assets/../../secret.txt',
    '/..%2fsecret.txt',
    '/..%5csecret.txt',
    '//secret.txt',
    '/assets/%2e%2e%2f%2e%2e%2fsecret.txt',
    '/weights/../../secret.txt',
  ]) {
    const answer = await new Promise<string>((done, fail) => {
      const socket = connect(Number(port), '127.0.0.1', () =>
        socket.write(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: close\r\n\r\n`),
      );
      let text = '';
      socket.on('data', (chunk) => (text += chunk.toString()));
      socket.once('end', () => done(text));
      socket.once('error', fail);
    });
    expect(answer, path).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(answer, path).not.toMatch(/\r\n\r\nsecret/);
  }
});

test('the bootstrap document is of its schema, and follows Host and X-Forwarded-Proto', async () => {
  const { port } = new URL(operator.url);
  const document = await readBootstrap();
  expect(document.operator).toBe(operator.publicKey);
  expect(document.tracker).toBe(`ws://127.0.0.1:${port}/announce`);
  expect(document.relays[0]).toMatch(new RegExp(`^/ip4/127\\.0\\.0\\.1/tcp/${port}/ws/p2p/12D3`));
  expect(document.models).toMatchObject([
    { name: 'model one.gguf', sizeBytes: file.byteLength, quantisation: 'Q8_0', licence: 'CC0-1.0' },
  ]);
  const behindProxy = await readBootstrap(operator, { 'x-forwarded-proto': 'https' });
  expect(behindProxy.tracker).toBe(`wss://127.0.0.1:${port}/announce`);
  expect(behindProxy.relays[0]).toContain('/wss/p2p/');
  const answer = await fetch(at('/bootstrap.json'));
  expect(answer.headers.get('cache-control')).toBe('no-store');
});

test('manifest and torrent are those of the model, signed by the operator', async () => {
  const { root, manifest: path, torrent: torrentPath, infoHash } = await firstModel();
  const bytes = new Uint8Array(await (await fetch(at(path))).arrayBuffer());
  const { manifest } = openManifest(bytes, { root, author: hexToBytes(operator.publicKey) });
  const torrent = new Uint8Array(await (await fetch(at(torrentPath))).arrayBuffer());
  expect((await openTorrentFile(torrent, manifest)).infoHash).toBe(infoHash);
  expect((await fetch(at(`/manifests/${'0'.repeat(64)}`))).status).toBe(404);
  expect((await fetch(at(`/torrents/${root}`))).status).toBe(404);
});

test('the web seed answers whole, in ranges, conditionally, and refuses what lies beyond the end', async () => {
  const { webSeed, root } = await firstModel();
  const get = (headers: Record<string, string> = {}, method = 'GET') => fetch(at(webSeed), { headers, method });
  const whole = await get();
  expect(whole.status).toBe(200);
  expect(Buffer.from(await whole.arrayBuffer()).equals(file)).toBe(true);

  const part = await get({ range: 'bytes=1000-1999' });
  expect(part.status).toBe(206);
  expect(part.headers.get('content-length')).toBe('1000');
  expect(part.headers.get('content-range')).toBe(`bytes 1000-1999/${file.byteLength}`);
  expect(Buffer.from(await part.arrayBuffer()).equals(file.subarray(1000, 2000))).toBe(true);
  const large = await get({ range: 'bytes=-2000000' });
  expect(Buffer.from(await large.arrayBuffer()).equals(file.subarray(-2_000_000))).toBe(true);

  const beyond = await get({ range: `bytes=${file.byteLength}-` });
  expect(beyond.status).toBe(416);
  expect(beyond.headers.get('content-range')).toBe(`bytes */${file.byteLength}`);
  const malformed = await get({ range: 'bytes=a-b' });
  expect(malformed.status).toBe(200);
  await malformed.body?.cancel();

  const head = await get({}, 'HEAD');
  expect([head.status, head.headers.get('content-length')]).toEqual([200, String(file.byteLength)]);
  const headPart = await get({ range: 'bytes=0-9' }, 'HEAD');
  expect([headPart.status, headPart.headers.get('content-length')]).toEqual([206, '10']);

  expect(whole.headers.get('etag')).toBe(`"${root}"`);
  expect((await get({ 'if-none-match': `W/"${root}"` })).status).toBe(304);
  expect((await get({ range: 'bytes=0-9', 'if-range': `"${root}"` })).status).toBe(206);
  const stale = await get({ range: 'bytes=0-9', 'if-range': '"other"' });
  expect(stale.status).toBe(200);
  await stale.body?.cancel();
  expect((await fetch(at(`/weights/${root}/other.gguf`))).status).toBe(404);
});

test('other origins may read ranges of the weights: preflight and exposed headers', async () => {
  const { webSeed } = await firstModel();
  const preflight = await fetch(at(webSeed), {
    method: 'OPTIONS',
    headers: {
      origin: 'https://game.example',
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'range,cache-control',
    },
  });
  expect(preflight.status).toBe(204);
  expect(preflight.headers.get('access-control-allow-origin')).toBe('*');
  expect(preflight.headers.get('access-control-allow-headers')).toBe('range,if-range,cache-control');
  const part = await fetch(at(webSeed), { headers: { range: 'bytes=0-3', origin: 'https://game.example' } });
  expect(part.headers.get('access-control-allow-origin')).toBe('*');
  expect(part.headers.get('access-control-expose-headers')).toContain('content-range');
  await part.body?.cancel();
});

test('readers that leave free their place, memory stays bounded, and a change in the middle breaks the answer off', async () => {
  const path = join(folder, 'large.gguf');
  await writeFile(path, randomGguf({ sizeBytes: 64 * MIB, seed: 9, layers: 20 }));
  const large = await start({ dataDir: join(folder, 'data-large'), models: [{ place: path }] });
  try {
    const { webSeed } = await firstModel(large);
    const leavers = Array.from({ length: 24 }, async () => {
      const abort = new AbortController();
      const answer = await fetch(at(webSeed, large), { signal: abort.signal });
      const reader = answer.body?.getReader();
      await reader?.read();
      return { abort, reader };
    });
    const open = await Promise.all(leavers);
    await expect.poll(() => metric(large, 'starling_web_seed_transfers')).toBe(24);
    // 24 × 64 MiB are asked for; a transfer holds one read and what two socket buffers take.
    expect(process.memoryUsage().arrayBuffers).toBeLessThan(400 * MIB);
    for (const { abort } of open) abort.abort();
    for (const { reader } of open) await reader?.cancel().catch(() => undefined);
    await expect.poll(() => metric(large, 'starling_web_seed_transfers')).toBe(0);

    // A file that changes under a reader: the answer breaks off, no byte of the new content is passed off as the model.
    const answer = await fetch(at(webSeed, large));
    const reader = answer.body?.getReader();
    await reader?.read();
    await appendFile(path, 'x');
    const drain = async () => {
      for (let part = await reader?.read(); part && !part.done; part = await reader?.read());
    };
    await expect(drain()).rejects.toThrow();
    expect(await metric(large, 'starling_web_seed_transfers')).toBe(0);
  } finally {
    await large.stop();
  }
});

test('metrics count requests and bytes, and healthz says that it is ready', async () => {
  const before = await metric(operator, 'starling_web_seed_bytes_total');
  await (await fetch(at((await firstModel()).webSeed), { headers: { range: 'bytes=0-4095' } })).arrayBuffer();
  expect((await metric(operator, 'starling_web_seed_bytes_total')) - before).toBe(4096);
  const text = await (await fetch(at('/metrics'))).text();
  expect(text).toContain('starling_http_requests_total{route="weights",status="206"}');
  expect(text).toContain('process_resident_memory_bytes');
  expect(await (await fetch(at('/healthz'))).json()).toMatchObject({ ok: true, models: 1, peers: 0 });
});

test('a restart keeps key, relay name and models, and does not read them again', async () => {
  const dataDir = join(folder, 'data-restart');
  const path = join(folder, 'kept.gguf');
  await writeFile(path, file);
  const labels: string[] = [];
  const init = {
    dataDir,
    progress: (label: string) => ({ update: () => labels.push(label), end: () => undefined }),
  };
  const first = await start({ ...init, models: [{ place: path, licence: 'MIT' }] });
  const before = await readBootstrap(first);
  await first.stop();
  expect(labels).toContain('publishing kept.gguf');
  expect((await stat(join(dataDir, 'operator.key'))).mode & 0o777).toBe(0o600);

  labels.length = 0;
  const second = await start(init);
  const after = await readBootstrap(second);
  await second.stop();
  expect(labels).toEqual([]);
  expect(after.operator).toBe(before.operator);
  expect(after.models).toEqual(before.models);
  expect(after.relays[0]?.split('/').at(-1)).toBe(before.relays[0]?.split('/').at(-1));

  // What lies on the disk is checked, not believed: a damaged manifest is made anew.
  const manifestPath = join(dataDir, 'manifests', `${before.models[0]?.root}.manifest`);
  const damaged = await readFile(manifestPath);
  damaged[200] = (damaged[200] ?? 0) ^ 1;
  await writeFile(manifestPath, damaged);
  const third = await start(init);
  expect((await readBootstrap(third)).models).toEqual(before.models);
  await third.stop();
  expect(labels).toContain('publishing kept.gguf');

  await rm(path);
  const lines: string[] = [];
  const fourth = await start({ ...init, say: (line) => lines.push(line) });
  expect((await readBootstrap(fourth)).models).toEqual([]);
  await fourth.stop();
  expect(lines).toEqual([expect.stringMatching(/^skipped: model .*kept\.gguf does not exist/)]);
});

test('a model that changes on the disk is withdrawn, and comes back when it is as it was', async () => {
  const path = join(folder, 'changing.gguf');
  await writeFile(path, file);
  const lines: string[] = [];
  const own = await start({
    dataDir: join(folder, 'data-change'),
    models: [{ place: path }],
    say: (line) => lines.push(line),
  });
  try {
    const { webSeed, manifest } = await firstModel(own);
    const { mtime } = await stat(path);
    await appendFile(path, 'x');
    expect((await fetch(at(webSeed, own))).status).toBe(404);
    expect((await fetch(at(manifest, own))).status).toBe(404);
    expect((await readBootstrap(own)).models).toEqual([]);
    expect(lines).toEqual([expect.stringContaining('changing.gguf has changed and is no longer offered')]);
    await writeFile(path, file);
    await utimes(path, mtime, mtime);
    // The file system's times are finer than those that can be set: only a copy with the very same time counts.
    const { mtimeMs } = await stat(path);
    expect((await readBootstrap(own)).models.length).toBe(mtimeMs === own.models[0]?.mtimeMs ? 1 : 0);
  } finally {
    await own.stop();
  }
});

test('what is wrong is one named error with the next step, and leaves nothing listening', async () => {
  const notGguf = join(folder, 'notes.gguf');
  await writeFile(notGguf, 'hello, this is no model at all');
  const good = { place: join(folder, 'model one.gguf') };
  const refused = (init: Partial<OperatorInit>) => start({ dataDir: join(folder, 'data-bad'), ...init });
  await expect(refused({ models: [good, { place: notGguf }] })).rejects.toMatchObject({
    code: 'model-refused',
    message: expect.stringContaining('notes.gguf') as string,
  });
  await expect(refused({ models: [{ place: join(folder, 'none.gguf') }] })).rejects.toMatchObject({
    code: 'model-missing',
  });
  await expect(refused({ models: [{ ...good, sha256: '0'.repeat(64) }] })).rejects.toMatchObject({
    code: 'hash-mismatch',
  });
  await expect(refused({ port: Number(new URL(operator.url).port) })).rejects.toMatchObject({ code: 'port-in-use' });
  await expect(refused({ host: '203.0.113.7' })).rejects.toMatchObject({ code: 'address-refused' });
  await expect(refused({ dataDir: notGguf })).rejects.toMatchObject({ code: 'data-unusable' });
  await writeFile(join(folder, 'data-bad/operator.key'), 'not hex');
  await expect(refused({})).rejects.toMatchObject({ code: 'data-damaged' });
});

async function metric(from: Operator, name: string): Promise<number> {
  const text = await (await fetch(at('/metrics', from))).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
}
