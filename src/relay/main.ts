// First of all: libp2p needs it on Node 20.
import '../base/with-resolvers.ts';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import { AppError, isAbort } from '../base/app-error.ts';
import { createLogger } from '../base/logger.ts';
import { ensureApp } from './build-app.ts';
import { DEFAULT_MODEL } from './default-model.ts';
import { RelayError } from './errors.ts';
import { createOperator, type Operator } from './operator.ts';
import { createProgressLine } from './progress-line.ts';
import { fetchModelFile, isUrl } from './published-url.ts';

interface Options {
  readonly model: readonly string[];
  readonly sha256: readonly string[];
  readonly licence?: string;
  readonly port: number;
  readonly host: string;
  readonly data: string;
  readonly app: boolean;
  readonly trustProxy: boolean;
}

const ROOT = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const say = (line: string) => process.stdout.write(`${line}\n`);

const program = new Command('npm start --')
  .description('Serves Starling: the app, a tracker, a relay and a web seed on one port.')
  .option('--model <path|url>', 'a GGUF file to publish; may be given several times', collect, [])
  .option('--sha256 <hex>', 'what the URL before it must hash to; one for each --model URL, in order', collectHash, [])
  .option('--licence <name>', 'the licence of these models, shown before a download')
  .addOption(new Option('--port <number>', 'port to listen on').env('PORT').default(8787).argParser(readPort))
  .option('--host <address>', 'address to listen on; 0.0.0.0 opens it to others', '127.0.0.1')
  .option('--data <folder>', 'where the key and the models are kept', 'data')
  .option('--no-app', 'serve no app, only tracker, relay and web seed')
  .option('--trust-proxy', 'believe X-Forwarded-Proto and -Host: behind a TLS proxy', false)
  .showHelpAfterError('(npm start -- --help lists the options)');

async function main(options: Options, signal: AbortSignal): Promise<Operator> {
  const dataDir = resolve(options.data);
  const distDir = options.app ? await ensureApp(ROOT, signal, say) : undefined;
  const operator = await createOperator({
    dataDir,
    port: options.port,
    host: options.host,
    trustsProxy: options.trustProxy,
    ...(distDir === undefined ? {} : { distDir }),
    logger: createLogger('relay', ({ level, text, fields }) => {
      if (level === 'warn' || level === 'error') say(`${level}: ${text} ${JSON.stringify(fields)}`);
    }),
  });
  try {
    const urls = options.model.filter(isUrl);
    for (const model of options.model) {
      const sha256 = options.sha256[urls.indexOf(model)];
      await publish(operator, model, { dataDir, signal, sha256, licence: options.licence });
    }
  } catch (error) {
    await operator.stop();
    throw error;
  }
  return operator;
}

interface PublishOptions {
  readonly dataDir: string;
  readonly signal: AbortSignal;
  readonly sha256?: string | undefined;
  readonly licence?: string | undefined;
}

async function publish(operator: Operator, model: string, options: PublishOptions): Promise<void> {
  const { dataDir, signal, sha256, licence } = options;
  const path = isUrl(model) ? await download(model, dataDir, sha256, signal) : model;
  const bar = createProgressLine('reading', say);
  try {
    await operator.publish(path, {
      signal,
      onProgress: (done, total) => bar.update(done, total),
      ...(licence === undefined ? {} : { licence }),
      ...(isUrl(model) ? { source: model.slice(0, 512) } : {}),
    });
  } finally {
    bar.stop();
  }
}

async function download(
  url: string,
  dataDir: string,
  sha256: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  const bar = createProgressLine('fetching', say);
  try {
    const onProgress = (done: number, total: number | undefined) => bar.update(done, total);
    const fetched = await fetchModelFile(url, {
      dataDir,
      signal,
      onProgress,
      ...(sha256 === undefined ? {} : { sha256 }),
    });
    bar.stop();
    say(`SHA-256 ${fetched.sha256} ${fetched.path}${fetched.wasHere ? ' (was here already)' : ''}`);
    return fetched.path;
  } finally {
    bar.stop();
  }
}

function announce(operator: Operator, { host, port }: Options): void {
  for (const { manifest, root } of operator.models) {
    const megabytes = (manifest.sizeBytes / 1e6).toFixed(1);
    say(
      `model ${manifest.name}: ${megabytes} MB, ${manifest.architecture} ${manifest.quantisation}, id ${root.slice(0, 16)}`,
    );
  }
  say(`Starling is ready: ${operator.url}`);
  if (host === '127.0.0.1' || host === 'localhost') {
    say(`Only this machine can open it. To let others in: npm start -- --host 0.0.0.0 --port ${port}`);
  }
}

/** The app is served meanwhile; without the network the operator reads one line and goes on. */
async function offerDefaultModel(operator: Operator, { data }: Options, signal: AbortSignal): Promise<void> {
  const { title, url, sizeText, licence } = DEFAULT_MODEL;
  say(`no model is published yet: fetching ${title} (${sizeText}, ${licence}) from ${url}`);
  try {
    await publish(operator, url, { dataDir: resolve(data), signal, licence });
    say(`model ${title} is published`);
  } catch (error) {
    if (signal.aborted) return;
    say(`could not fetch it (${oneLine(error)}); pass a file: npm start -- --model /path/to/model.gguf`);
  }
}

function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

function collectHash(value: string, before: readonly string[]): readonly string[] {
  if (!/^[0-9a-f]{64}$/i.test(value)) throw new InvalidArgumentError('64 hex digits expected');
  return [...before, value.toLowerCase()];
}

function readPort(value: string): number {
  const port = Number(value);
  if (!/^\d+$/.test(value) || port > 65_535) throw new InvalidArgumentError('a port from 0 to 65535 expected');
  return port;
}

function oneLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replaceAll(/\s+/g, ' ').slice(0, 500);
}

const abort = new AbortController();
let running: Operator | undefined;
for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.on(name, () => {
    abort.abort();
    // Whatever still holds on after this was not worth waiting for.
    setTimeout(() => process.exit(0), 1800).unref();
    void (running?.stop() ?? Promise.resolve()).finally(() => process.exit(0));
  });
}

const options = program.parse().opts<Options>();
try {
  running = await main(options, abort.signal);
  announce(running, options);
  if (running.models.length === 0) await offerDefaultModel(running, options, abort.signal);
} catch (error) {
  if (!isAbort(error)) {
    const isNamed = error instanceof AppError;
    process.stderr.write(`${oneLine(error)}${isNamed ? '' : ' (this is a fault of Starling: please report it)'}\n`);
    process.exit(error instanceof RelayError && error.code === 'bad-option' ? 2 : 1);
  }
}
