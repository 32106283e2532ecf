import { Command, InvalidArgumentError } from 'commander';
import { RelayError } from './errors.ts';
import type { ModelSource } from './gather-models.ts';
import { readSite, type Site } from './sites.ts';

/** What the operator asked for. */
export interface CommandLine {
  readonly models: readonly ModelSource[];
  readonly host: string;
  readonly port: number;
  readonly dataDir: string;
  /** A page that is built already. */
  readonly appDir?: string;
  /** Sites that may embed this Starling. */
  readonly sites: readonly Site[];
  /** Whether the partner's example is served too. */
  readonly hasExample: boolean;
}

interface Options {
  readonly model: string[];
  readonly sha256: string[];
  readonly licence: string[];
  readonly port: number;
  readonly host: string;
  readonly data: string;
  readonly app?: string;
  readonly site: Site[];
  readonly example: boolean;
}

const DEFAULT_PORT = 8787;

/**
 * @param args without Node's own two
 * @throws {RelayError} `bad-option`
 * @throws commander's own error after it has printed help or what was wrong
 */
export function readCommandLine(
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): CommandLine {
  const command = new Command()
    .name('npm start --')
    .description('Serves Starling on one port: the page, tracker, relay and the models that you publish.')
    .option('--model <path|url>', 'GGUF file to publish, or where to fetch it; may be repeated', collect, [])
    .option('--sha256 <hex>', 'SHA-256 that the model must have; one for each --model, in their order', collectHash, [])
    .option('--licence <name>', 'licence to show with the model; one for each --model, in their order', collect, [])
    .option(
      '--port <number>',
      'port to listen on, 0 for any free one (or the variable PORT)',
      readPort,
      portOf(environment),
    )
    .option('--host <address>', 'address to listen on; other than loopback only behind a TLS proxy', '127.0.0.1')
    .option('--data <folder>', 'where key, list of models and fetched files are kept', 'data')
    .option('--app <folder>', 'serve a page that is built already instead of building it')
    .option('--site <key=origin>', 'website that may show the embed, e.g. shop=https://shop.example', collectSite, [])
    .option('--no-example', 'leave out the example game, which has a port of its own')
    .helpOption('-h, --help', 'show this')
    .addHelpText(
      'after',
      '\nWithout --model it serves what it published before, or else the model that comes with it.\nBrowsers give WebGPU to secure pages only: https, or this computer itself.',
    )
    .allowExcessArguments(false)
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(`starling: ${text.replace(/^error: /, '')}`) })
    .showHelpAfterError('see  npm start -- --help');
  const options = command.parse(args, { from: 'user' }).opts<Options>();
  for (const name of ['sha256', 'licence'] as const) {
    if (options[name].length > options.model.length) {
      throw new RelayError(
        'bad-option',
        `${options[name].length} times --${name} for ${options.model.length} --model; give one for each`,
        {
          place: `--${name}`,
        },
      );
    }
  }
  return {
    models: options.model.map((place, i) => {
      const sha256 = options.sha256[i];
      const licence = options.licence[i];
      return { place, ...(sha256 === undefined ? {} : { sha256 }), ...(licence === undefined ? {} : { licence }) };
    }),
    host: options.host,
    port: options.port,
    dataDir: options.data,
    sites: options.site,
    hasExample: options.example,
    ...(options.app === undefined ? {} : { appDir: options.app }),
  };
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

function collectHash(value: string, before: string[]): string[] {
  if (!/^[0-9a-f]{64}$/i.test(value)) throw new InvalidArgumentError('64 hex digits expected.');
  return [...before, value.toLowerCase()];
}

function collectSite(value: string, before: Site[]): Site[] {
  const site = readSite(value);
  if (!site) throw new InvalidArgumentError('a key of a-z, 0-9 and -, then = and an origin without path expected.');
  return [...before, site];
}

function readPort(value: string): number {
  const port = /^\d{1,5}$/.test(value) ? Number(value) : Number.NaN;
  if (!(port <= 65_535)) throw new InvalidArgumentError('a number from 0 to 65535 expected.');
  return port;
}

function portOf(environment: Readonly<Record<string, string | undefined>>): number {
  const value = environment['PORT'];
  if (value === undefined || value === '') return DEFAULT_PORT;
  try {
    return readPort(value);
  } catch {
    throw new RelayError(
      'bad-option',
      `the variable PORT is ${value.slice(0, 40)}; a number from 0 to 65535 is needed`,
      {
        place: 'PORT',
      },
    );
  }
}
