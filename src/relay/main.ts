import '../base/with-resolvers.ts';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CommanderError } from 'commander';
import { isAbort } from '../base/app-error.ts';
import { readCommandLine, type CommandLine } from './command-line.ts';
import { describeError } from './errors.ts';
import { buildApp, createOperator, DEFAULT_MODEL, RelayError, type Operator } from './index.ts';
import { isLoopback } from './example-server.ts';
import { createProgress, formatBytes } from './progress.ts';

const ROOT_DIR = fileURLToPath(new URL('../../', import.meta.url));
/** Whatever does not end by then is ended. */
const STOP_MS = 1_500;

const say = (line: string) => void process.stdout.write(`starling: ${line}\n`);
const fail = (error: unknown): never => {
  process.stderr.write(`starling: ${describeError(error).replace(/^relay: /, '')}\n`);
  process.exit(1);
};

async function main(): Promise<void> {
  const options = readCommandLine(process.argv.slice(2), process.env);
  const starting = new AbortController();
  let operator: Operator | undefined;
  let signals = 0;
  const end = () => {
    signals += 1;
    if (signals > 1) process.exit(130);
    setTimeout(() => process.exit(0), STOP_MS).unref();
    starting.abort();
    if (operator) void operator.stop().then(() => process.exit(0), fail);
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
  // A peer's broken stream deep in a library must not end the process, and nobody wants a stack trace of it.
  process.on('unhandledRejection', (error) => {
    if (!isAbort(error)) say(`ignored: ${describeError(error)}`);
  });
  process.on('uncaughtException', fail);
  try {
    operator = await createOperator({
      host: options.host,
      port: options.port,
      dataDir: options.dataDir,
      models: options.models,
      sites: options.sites,
      hasExample: options.hasExample,
      defaultModel: DEFAULT_MODEL,
      app:
        options.appDir === undefined
          ? (signal) => buildApp({ rootDir: ROOT_DIR, say, signal })
          : resolve(options.appDir),
      say,
      progress: createProgress(process.stderr),
      signal: starting.signal,
    });
  } catch (error) {
    if (starting.signal.aborted) process.exit(0);
    throw error;
  }
  announce(operator, options);
}

function announce({ url, exampleUrl, models }: Operator, { host }: CommandLine): void {
  const lines = [`ready at ${url}`];
  for (const { manifest } of models) {
    const { name, sizeBytes, architecture, quantisation, root } = manifest;
    lines.push(`model ${name}, ${formatBytes(sizeBytes)}, ${architecture} ${quantisation}, root ${root}`);
  }
  if (exampleUrl !== undefined) lines.push(`an example game that embeds it at ${exampleUrl}`);
  if (models.length === 0) lines.push('no model yet: the page opens, and there is nothing to compute with');
  lines.push(
    isLoopback(host)
      ? 'open to this computer only; for others put a TLS proxy in front that passes Host and X-Forwarded-Proto'
      : `open to whoever reaches ${host}: browsers give WebGPU to https only, so put a TLS proxy in front`,
    'Ctrl-C ends it',
  );
  process.stdout.write(lines.map((line) => `starling: ${line}\n`).join(''));
}

try {
  await main();
} catch (error) {
  // Commander has said what was wrong, or shown its help, which is no failure.
  if (error instanceof CommanderError) process.exit(error.exitCode);
  if (process.env['STARLING_DEBUG'] && !(error instanceof RelayError)) console.error(error);
  fail(error);
}
