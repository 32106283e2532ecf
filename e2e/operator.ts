import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';

/** A running operator's process, as a person would have started it. */
export interface Operator {
  readonly url: string;
  /** The partner's example, on an origin of its own. */
  readonly exampleUrl: string;
  readonly dataDir: string;
  /** SIGTERM, and resolves when the process has gone. */
  stop(): Promise<void>;
  /** SIGKILL and the same port and data again: a crash and a restart. */
  restart(): Promise<void>;
  metrics(): Promise<string>;
}

export interface OperatorOptions {
  /** None: the model that comes with the program. */
  readonly models: readonly string[];
  /** Websites that may embed it, as `key=origin`. */
  readonly sites?: readonly string[];
  readonly port?: number;
  readonly dataDir?: string;
}

/** Starts `npm start`'s program on loopback and waits until it says that it is ready. */
export async function startOperator(options: OperatorOptions): Promise<Operator> {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'starling-operator-'));
  let { child, url, exampleUrl } = await launch(options.port ?? 0, dataDir, options);
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
    get exampleUrl() {
      return exampleUrl;
    },
    dataDir,
    stop: () => end('SIGTERM'),
    async restart() {
      await end('SIGKILL');
      ({ child, url, exampleUrl } = await launch(port, dataDir, options));
    },
    metrics: async () => (await fetch(new URL('/metrics', url))).text(),
  };
}

async function launch(
  port: number,
  dataDir: string,
  { models, sites = [] }: OperatorOptions,
): Promise<{ child: ChildProcess; url: string; exampleUrl: string }> {
  const args = [
    'src/relay/main.ts',
    '--port',
    String(port),
    '--data',
    dataDir,
    ...models.flatMap((path) => ['--model', path]),
    ...sites.flatMap((site) => ['--site', site]),
  ];
  const child = spawn(process.execPath, ['--import', 'tsx', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  await new Promise<void>((done, fail) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      if (output.includes('Ctrl-C ends it')) done();
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', (code) => fail(new Error(`the operator's process ended with ${code}:\n${output}`)));
  });
  const address = (before: string) => new RegExp(`${before} (http:\\S+)`).exec(output)?.[1] ?? '';
  return { child, url: address('ready at'), exampleUrl: address('embeds it at') };
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
