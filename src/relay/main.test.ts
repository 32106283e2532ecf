import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { randomGguf } from '../../e2e/gguf-writer.ts';

let folder: string;
const children: ChildProcess[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'starling-main-'));
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>Starling</title>');
  await writeFile(join(folder, 'good.gguf'), randomGguf({ sizeBytes: 20_000_000, seed: 3, layers: 10 }));
  await writeFile(join(folder, 'notes.gguf'), 'no model');
});
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => rm(folder, { recursive: true }));

/** The real program, from another working directory than the project's. */
function run(...args: string[]) {
  const program = ['--import', import.meta.resolve('tsx'), resolve('src/relay/main.ts')];
  const child = spawn(process.execPath, [...program, '--data', join(folder, 'data'), ...args], { cwd: folder });
  children.push(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const ended = new Promise<number | null>((done) => child.once('close', done));
  return {
    child,
    ended,
    output: () => output,
    async url(): Promise<string> {
      await expect.poll(() => output, { timeout: 20_000 }).toMatch(/http:\/\/\S+\s/);
      return /http:\/\/\S+/.exec(output)?.[0] ?? '';
    },
  };
}
const served = (...args: string[]) => run('--port', '0', '--app', folder, ...args);

test.each(['SIGINT', 'SIGTERM'] as const)('%s ends it cleanly within 2 s with connections open', async (signal) => {
  const { child, ended, output, url } = served('--model', join(folder, 'good.gguf'));
  const page = await url();
  expect((await fetch(page)).status).toBe(200);
  const { models } = (await (await fetch(new URL('/bootstrap.json', page))).json()) as {
    models: { webSeed: string }[];
  };
  const stalled = await fetch(new URL(models[0]?.webSeed ?? '', page));
  const sockets = ['announce', ''].map((path) => new WebSocket(new URL(path, page.replace('http', 'ws'))));
  await Promise.all(sockets.map((socket) => once(socket, 'open')));
  const closed = sockets.map((socket) => new Promise((done) => socket.once('close', done)));
  child.kill(signal);
  expect(await ended).toBe(0);
  await Promise.all(closed);
  await stalled.body?.cancel().catch(() => undefined);
  expect(output()).toMatch(/good\.gguf, 19\.1 MiB, llama Q8_0, root [0-9a-f]{64}/);
});

test('a signal while it starts ends it too', async () => {
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  const { port } = silent.address() as AddressInfo;
  const { child, ended } = served('--model', `http://127.0.0.1:${port}/never.gguf`);
  await once(silent, 'connection');
  child.kill('SIGINT');
  expect(await ended).toBe(0);
  silent.close();
});

test('what is wrong is one line with the next step, exit code 1, and no stack', async () => {
  const busy = createServer().listen(0, '127.0.0.1');
  await once(busy, 'listening');
  const good = join(folder, 'good.gguf');
  const runs = [
    { ...run('--port', String((busy.address() as AddressInfo).port), '--app', folder), says: /in use.*--port/ },
    { ...served('--model', good, '--model', join(folder, 'notes.gguf')), says: /notes\.gguf cannot be published/ },
    { ...served('--data', good), says: /cannot be used.*--data/ },
    { ...run('--prot', '1'), says: /unknown option '--prot'/ },
  ];
  for (const { ended, output, says } of runs) {
    expect(await ended).toBe(1);
    expect(output()).toMatch(says);
    expect(output()).not.toMatch(/\n\s+at |http:\/\//);
  }
  busy.close();
}, 60_000);

test('--help names every option', async () => {
  const { ended, output } = run('--help');
  expect(await ended).toBe(0);
  for (const option of ['--model', '--sha256', '--port', '--host', '--data', '--site', '--no-example'])
    expect(output()).toContain(option);
});
