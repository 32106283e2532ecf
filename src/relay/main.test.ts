import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { randomGguf } from '../../e2e/gguf-writer.ts';
import '../swarm/web-socket-shim.ts';

let dir: string;
const children = new Set<ChildProcess>();

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'starling-main-'));
  await writeFile(join(dir, 'good.gguf'), randomGguf({ sizeBytes: 1 << 20, seed: 1, layers: 2 }));
  await writeFile(join(dir, 'bad.gguf'), 'this is a text');
});
afterEach(() => {
  for (const child of children) child.kill('SIGKILL');
  children.clear();
});
afterAll(() => rm(dir, { recursive: true }));

function run(...args: string[]) {
  const all = ['--import', 'tsx', 'src/relay/main.ts', '--no-app', '--port', '0', '--data', join(dir, 'data'), ...args];
  const child = spawn(process.execPath, all, { stdio: ['ignore', 'pipe', 'pipe'] });
  children.add(child);
  let out = '';
  let err = '';
  child.stdout.on('data', (text) => (out += String(text)));
  child.stderr.on('data', (text) => (err += String(text)));
  const exit = new Promise<number | null>((resolve) => child.on('exit', resolve));
  const until = async (pattern: RegExp) => {
    for (;;) {
      const match = pattern.exec(out);
      if (match) return match;
      if (child.exitCode !== null) throw new Error(`ended early: ${out}${err}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  };
  return { child, exit, until, output: () => ({ out, err }) };
}

test('it says each model and the URL when it is ready, and Ctrl-C ends it within 2 s with a connection open', async () => {
  const operator = run('--model', join(dir, 'good.gguf'));
  await operator.until(/model good\.gguf: 1\.\d MB, llama Q8_0, id [0-9a-f]{16}/);
  const [, url] = await operator.until(/Starling is ready: (http:\S+)/);
  expect(operator.output().out).toContain('Only this machine can open it');
  const socket = new WebSocket(`${url?.replace('http', 'ws')}/announce`);
  await new Promise((resolve) => socket.addEventListener('open', resolve));
  const startedMs = Date.now();
  operator.child.kill('SIGINT');
  expect(await operator.exit).toBe(0);
  const tookMs = Date.now() - startedMs;
  console.log(`SIGINT to exit: ${tookMs} ms`);
  expect(tookMs).toBeLessThan(2000);
});

test.each([
  ['a file that is no GGUF', ['--model', 'bad.gguf'], /not a gguf file/],
  ['a file that is not there', ['--model', 'none.gguf'], /no file .*none\.gguf; pass the path/],
  ['a port that is none', ['--port', '70000'], /a port from 0 to 65535/],
  ['a hash that is none', ['--sha256', 'xyz'], /64 hex digits/],
])('%s is one clear line and exit code 1', async (_, args, message) => {
  const operator = run(...args.map((arg) => (arg.endsWith('.gguf') ? join(dir, arg) : arg)));
  expect(await operator.exit).toBe(1);
  const { err } = operator.output();
  expect(err).toMatch(message);
  expect(err).not.toMatch(/\n\s+at /);
  expect(err.trim().split('\n').length).toBeLessThanOrEqual(2);
});
