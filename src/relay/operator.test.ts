import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { randomGguf } from '../../e2e/gguf-writer.ts';
import '../swarm/web-socket-shim.ts';
import { bytesToHex, hexToBytes } from '../base/bytes.ts';
import { openManifest } from '../weights/index.ts';
import { openTorrentFile } from '../weights/node-index.ts';
import type { Bootstrap } from './bootstrap.ts';
import { createOperator, type Operator } from './operator.ts';

const MIB = 1024 * 1024;
const file = randomGguf({ sizeBytes: 2 * MIB, seed: 11, layers: 3 });
let dir: string;
let operator: Operator;
let boot: Bootstrap;

function opened(socket: WebSocket): Promise<unknown> {
  return new Promise((resolve, reject) => {
    socket.addEventListener('open', resolve);
    socket.addEventListener('error', reject);
  });
}

const start = () => createOperator({ dataDir: join(dir, 'data'), port: 0, distDir: join(dir, 'dist') });
const get = (path: string, headers: Record<string, string> = {}, method = 'GET') =>
  fetch(operator.url + path, { headers, method });
const bytesOf = async (response: Response) => new Uint8Array(await response.arrayBuffer());

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'starling-operator-'));
  await writeFile(join(dir, 'model.gguf'), file);
  await mkdir(join(dir, 'dist', 'assets'), { recursive: true });
  await writeFile(join(dir, 'dist', 'index.html'), '<title>app</title>');
  await writeFile(join(dir, 'dist', 'service-worker.js'), '//');
  await writeFile(join(dir, 'dist', 'assets', 'index-Ab3_9xYz.js'), '//');
  operator = await start();
  await operator.publish(join(dir, 'model.gguf'), { licence: 'CC0-1.0' });
  boot = (await (await get('/bootstrap.json')).json()) as Bootstrap;
});
afterAll(async () => {
  await operator.stop();
  await rm(dir, { recursive: true });
});

const webSeed = () => boot.models[0]?.webSeed ?? '';

test('bootstrap.json tells everything that a page needs, at the address that the page used, and is not stored', async () => {
  const response = await get('/bootstrap.json', { origin: 'https://game.example' });
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(response.headers.get('access-control-allow-origin')).toBe('*');
  const { host } = new URL(operator.url);
  const port = host.split(':')[1];
  expect(boot).toMatchObject({ v: 1, tracker: `ws://${host}/announce`, iceServers: [] });
  expect(boot.relays[0]).toMatch(new RegExp(`^/ip4/127.0.0.1/tcp/${port}/ws/p2p/12D3Koo`));
  expect(boot.models).toMatchObject([
    { name: 'model.gguf', sizeBytes: file.byteLength, licence: 'CC0-1.0', quantisation: 'Q8_0', architecture: 'llama' },
  ]);
});

test('manifest and torrent are the signed ones, and lead to the file', async () => {
  const [model] = boot.models;
  const { manifest } = openManifest(await bytesOf(await get(model?.manifest ?? '')), {
    author: hexToBytes(boot.operator),
  });
  expect(manifest.root).toBe(model?.root);
  const torrent = await openTorrentFile(await bytesOf(await get(model?.torrent ?? '')), manifest);
  expect(torrent.infoHash).toBe(model?.infoHash);
  expect(bytesToHex(manifest.infoHash)).toBe(model?.infoHash);
});

test('the web seed serves whole, in ranges, and says what it cannot', async () => {
  const whole = await get(webSeed());
  expect(whole.status).toBe(200);
  expect(whole.headers.get('content-length')).toBe(String(file.byteLength));
  expect(
    createHash('sha256')
      .update(await bytesOf(whole))
      .digest('hex'),
  ).toBe(createHash('sha256').update(file).digest('hex'));

  const part = await get(webSeed(), { range: 'bytes=100-299' });
  expect([part.status, part.headers.get('content-range')]).toEqual([206, `bytes 100-299/${file.byteLength}`]);
  expect(await bytesOf(part)).toEqual(file.slice(100, 300));
  expect(await bytesOf(await get(webSeed(), { range: 'bytes=-5' }))).toEqual(file.slice(-5));

  const beyond = await get(webSeed(), { range: `bytes=${file.byteLength}-` });
  expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, `bytes */${file.byteLength}`]);
  const stale = await get(webSeed(), { range: 'bytes=0-1', 'if-range': '"old"' });
  expect(stale.status).toBe(200);
  await stale.body?.cancel();
  const head = await get(webSeed(), {}, 'HEAD');
  expect([head.status, head.headers.get('content-length')]).toEqual([200, String(file.byteLength)]);
  expect((await get(`/weights/${'0'.repeat(64)}/x.gguf`)).status).toBe(404);
});

test('other origins may ask for ranges, with the headers that webtorrent sends', async () => {
  const preflight = await fetch(operator.url + webSeed(), {
    method: 'OPTIONS',
    headers: {
      origin: 'https://game.example',
      'access-control-request-method': 'GET',
      'access-control-request-headers': 'cache-control,range',
    },
  });
  expect(preflight.status).toBe(204);
  const allowed = (preflight.headers.get('access-control-allow-headers') ?? '').toLowerCase();
  expect(allowed).toContain('range');
  expect(allowed).toContain('cache-control');
  const part = await get(webSeed(), { range: 'bytes=0-9', origin: 'https://game.example' });
  expect(part.headers.get('access-control-allow-origin')).toBe('*');
  expect(part.headers.get('cross-origin-resource-policy')).toBe('cross-origin');
  expect(part.headers.get('access-control-expose-headers')?.toLowerCase()).toContain('content-range');
  await part.body?.cancel();
});

test('the app is served isolated; hashed assets for ever, the rest asked for again', async () => {
  const index = await get('/');
  expect(await index.text()).toBe('<title>app</title>');
  expect(index.headers.get('cross-origin-opener-policy')).toBe('same-origin');
  expect(index.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
  expect(index.headers.get('content-security-policy')).toContain("script-src 'self' 'wasm-unsafe-eval'");
  expect(index.headers.get('cache-control')).toBe('no-cache');
  expect((await get('/service-worker.js')).headers.get('cache-control')).toBe('no-cache');
  expect((await get('/assets/index-Ab3_9xYz.js')).headers.get('cache-control')).toContain('immutable');
  expect((await get('/../data/operator.key')).status).toBe(404);
  expect((await get('/%2e%2e/data/operator.key')).status).toBe(404);
});

test('health and metrics', async () => {
  expect(await (await get('/healthz')).json()).toEqual({ status: 'ok', models: 1 });
  await get(webSeed(), { range: 'bytes=0-999' }).then(bytesOf);
  const text = await (await get('/metrics')).text();
  expect(text).toMatch(/starling_web_seed_bytes_total\{model="[0-9a-f]{64}"\} \d+/);
  expect(text).toContain('starling_relay_connections 0');
  expect(text).toMatch(/starling_torrent_peers\{model="[0-9a-f]{64}",role="seeder"\} 0/);
  expect(text).toContain('process_resident_memory_bytes');
});

test('the tracker answers for our torrents and for no others', async () => {
  const ask = async (infoHash: string) => {
    const socket = new WebSocket(`${operator.url.replace('http', 'ws')}/announce`);
    const answer = new Promise<string>((resolve) =>
      socket.addEventListener('message', ({ data }) => resolve(String(data))),
    );
    await opened(socket);
    const binary = String.fromCharCode(...hexToBytes(infoHash));
    socket.send(
      JSON.stringify({
        action: 'announce',
        info_hash: binary,
        peer_id: '-WW0000-abcdefghijkl',
        numwant: 0,
        left: 5,
        offers: [],
      }),
    );
    const text = await answer;
    socket.close();
    return JSON.parse(text) as Record<string, unknown>;
  };
  expect(await ask(boot.models[0]?.infoHash ?? '')).toMatchObject({ action: 'announce', incomplete: 1 });
  expect(await ask('ab'.repeat(20))).toMatchObject({
    'failure reason': expect.stringContaining('does not know') as string,
  });
});

test('any other WebSocket reaches the relay through the one port', async () => {
  const socket = new WebSocket(operator.url.replace('http', 'ws'));
  await opened(socket);
  expect(await (await get('/metrics')).text()).toContain('starling_relay_sockets 1');
  socket.close();
});

test('key, models and ids survive a restart; nothing is hashed again; a changed file is', async () => {
  const before = boot;
  const keyPath = join(dir, 'data', 'operator.key');
  expect((await stat(keyPath)).mode & 0o777).toBe(0o600);
  const key = await readFile(keyPath, 'utf8');
  const manifestPath = join(dir, 'data', 'published', `${before.models[0]?.root}.manifest`);
  const manifestTime = (await stat(manifestPath)).ino;
  await operator.stop();
  operator = await start();
  const after = (await (await get('/bootstrap.json')).json()) as Bootstrap;
  expect(after.operator).toBe(before.operator);
  expect(after.models).toEqual(before.models);
  expect(after.relays[0]?.split('/p2p/')[1]).toBe(before.relays[0]?.split('/p2p/')[1]);
  expect(await readFile(keyPath, 'utf8')).toBe(key);
  expect(manifestTime).toBeGreaterThan(0);

  await operator.stop();
  const changed = randomGguf({ sizeBytes: 2 * MIB, seed: 12, layers: 3 });
  await writeFile(join(dir, 'model.gguf'), changed);
  await utimes(join(dir, 'model.gguf'), new Date(), new Date(Date.now() + 5000));
  operator = await start();
  const changedBoot = (await (await get('/bootstrap.json')).json()) as Bootstrap;
  expect(changedBoot.models).toHaveLength(1);
  expect(changedBoot.models[0]?.root).not.toBe(before.models[0]?.root);
  expect(changedBoot.models[0]?.licence).toBe('CC0-1.0');
  boot = changedBoot;
});

test('a taken port, a missing file and a file that is no GGUF have names', async () => {
  const port = Number(new URL(operator.url).port);
  await expect(createOperator({ dataDir: join(dir, 'other'), port })).rejects.toMatchObject({ code: 'port-in-use' });
  await expect(operator.publish(join(dir, 'nothing.gguf'))).rejects.toMatchObject({ code: 'no-such-file' });
  await expect(operator.publish(dir)).rejects.toMatchObject({ code: 'no-such-file' });
  await expect(operator.publish(join(dir, 'dist', 'index.html'))).rejects.toMatchObject({ code: 'not-gguf' });
  expect(operator.models).toHaveLength(1);
});

test('it stops within 2 s with a download, a tracker socket and a relay socket open', async () => {
  const own = await createOperator({ dataDir: join(dir, 'third'), port: 0 });
  const model = await own.publish(join(dir, 'model.gguf'));
  const { port } = new URL(own.url);
  const slow = connect(Number(port), '127.0.0.1');
  slow.write(`GET /weights/${model.root}/model.gguf HTTP/1.1\r\nhost: localhost:${port}\r\n\r\n`);
  slow.on('error', () => undefined);
  slow.pause();
  const sockets = ['/announce', '/'].map((path) => new WebSocket(own.url.replace('http', 'ws') + path));
  await Promise.all(sockets.map(opened));
  const startedMs = Date.now();
  await own.stop();
  const tookMs = Date.now() - startedMs;
  console.log(`stopped in ${tookMs} ms with three connections open`);
  expect(tookMs).toBeLessThan(2000);
  slow.destroy();
});
