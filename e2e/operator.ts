import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';

/** A running operator's process, as a person would have started it. */
export interface Operator {
  readonly url: string;
  readonly dataDir: string;
  /** SIGTERM, and resolves when the process has gone. */
  stop(): Promise<void>;
  /** SIGKILL and the same port and data again: a crash and a restart. */
  restart(): Promise<void>;
  metrics(): Promise<string>;
}

export interface OperatorOptions {
  readonly models: readonly string[];
  readonly port?: number;
  readonly dataDir?: string;
}

/** Starts `npm start`'s program on loopback and waits until it says that it is ready. */
export async function startOperator(options: OperatorOptions): Promise<Operator> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'starling-operator-'));
  let { child, url } = await launch(options.port ?? 0, dataDir, options.models);
  const port = Number(new URL(url).port);
  const end = (signal: NodeJS.Signals) =>
    new Promise<void>((done) => {
      if (child.exitCode !== null || child.signalCode !== null) return done();
      child.once('exit', () => done());
      child.kill(signal);
    });
  return {
    get url() {
      return url;
    },
    dataDir,
    stop: () => end('SIGTERM'),
    async restart() {
      await end('SIGKILL');
      ({ child, url } = await launch(port, dataDir, options.models));
    },
    metrics: async () => (await fetch(new URL('/metrics', url))).text(),
  };
}

async function launch(
  port: number,
  dataDir: string,
  models: readonly string[],
): Promise<{ child: ChildProcess; url: string }> {
  const args = [
    'src/relay/main.ts',
    '--port',
    String(port),
    '--data',
    dataDir,
    ...models.flatMap((path) => ['--model', path]),
  ];
  const child = spawn(process.execPath, ['--import', 'tsx', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const url = await new Promise<string>((done, fail) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const found = /http:\/\/[^\s]+/.exec(output)?.[0];
      if (found) done(found);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', (code) => fail(new Error(`the operator's process ended with ${code}:\n${output}`)));
  });
  return { child, url };
}

const shared = resolve('../shared/models/stories260K/stories260K-Q8_0.gguf');

/** A real small model where it can be had, else the random one of the fixtures. */
export function storyModel(): string {
  return existsSync(shared) ? shared : resolve('e2e/fixtures/llama-Q4_K_M.gguf');
}

/** What a batch calls that model. */
export function storyModelName(): string {
  return basename(storyModel(), '.gguf');
}
