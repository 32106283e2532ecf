import { spawn } from 'node:child_process';
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { describeError, RelayError } from './errors.ts';

export interface BuildAppInit {
  /** The project's folder: its `dist` is what is served. */
  readonly rootDir: string;
  readonly say: (line: string) => void;
  readonly signal?: AbortSignal;
}

/** What the page is made of, next to each other in the project's folder. */
export const APP_SOURCES = [
  'src',
  'workers',
  'shaders',
  'public',
  'index.html',
  'vite.config.ts',
  'vite.embed.config.ts',
  'vite.village.config.ts',
  'vite.shims.ts',
  'package-lock.json',
];
/** What lies beside the page: the embed's frame and loader, and the partner's example. */
const BESIDE = [
  { config: 'vite.embed.config.ts', folder: 'embed', more: [] },
  { config: 'vite.embed.config.ts', folder: '', more: ['--mode', 'loader'] },
  { config: 'vite.village.config.ts', folder: 'village', more: [] },
] as const;
const NOT_THE_PAGE = /(?:\.test\.ts|\.compliance\.ts)$|^relay$/;
/** How vite begins whatever the error is. */
const SAYS_NOTHING = /^(?:✗|error during build|build failed with)/i;
const TELL_MS = 5_000;
const MAX_OUTPUT_CHARS = 64 * 1024;

/**
 * Builds the page unless `dist` is there and as new as its sources.
 *
 * @returns the folder to serve
 * @throws {RelayError} `build-failed`; what was built before is left as it was
 */
export async function buildApp({ rootDir, say, signal }: BuildAppInit): Promise<string> {
  const dist = join(rootDir, 'dist');
  const builtAtMs = await changedAt(join(dist, 'index.html'));
  const ages = await Promise.all(APP_SOURCES.map((name) => newest(join(rootDir, name))));
  if (builtAtMs > 0 && builtAtMs >= Math.max(...ages)) return dist;
  say('building the page, which takes half a minute or so the first time');
  const startedAt = new Date();
  const fresh = join(rootDir, '.vite', `app-${process.pid}`);
  const timer = setInterval(() => {
    say(`building the page: ${Math.round((Date.now() - startedAt.getTime()) / 1000)} s`);
  }, TELL_MS);
  try {
    await mkdir(dirname(fresh), { recursive: true });
    await runVite(rootDir, ['--outDir', fresh, '--emptyOutDir'], signal);
    for (const { config, folder, more } of BESIDE) {
      if ((await changedAt(join(rootDir, config))) === 0) continue;
      await runVite(rootDir, ['--config', config, '--outDir', join(fresh, folder), ...more], signal);
    }
    // As old as the build's start: what was edited meanwhile is newer and built next time.
    await utimes(join(fresh, 'index.html'), startedAt, startedAt);
    await rm(dist, { recursive: true, force: true });
    await rename(fresh, dist);
  } finally {
    clearInterval(timer);
    await rm(fresh, { recursive: true, force: true });
  }
  return dist;
}

/** In a process of its own: it needs a lot of memory once, and the server keeps answering. */
async function runVite(rootDir: string, options: readonly string[], signal: AbortSignal | undefined): Promise<void> {
  const require = createRequire(join(rootDir, 'package.json'));
  let output = '';
  try {
    const vite = join(dirname(require.resolve('vite/package.json')), 'bin/vite.js');
    const args = [vite, 'build', ...options, '--logLevel', 'warn'];
    const child = spawn(process.execPath, args, {
      cwd: rootDir,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(signal ? { signal } : {}),
    });
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString('utf8')).slice(-MAX_OUTPUT_CHARS);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    const code = await new Promise<number | null>((done, fail) => {
      child.once('error', fail);
      child.once('close', done);
    });
    if (code !== 0) throw new Error(reasonIn(output) || `vite ended with code ${code}`);
  } catch (cause) {
    signal?.throwIfAborted();
    throw new RelayError(
      'build-failed',
      `the page could not be built: ${describeError(cause)}; see "npm run build", after "npm ci"`,
      { place: rootDir },
      { cause },
    );
  }
}

/** What vite says after it has said that there is an error, up to where it shows source or stack. */
function reasonIn(output: string): string {
  const text = stripVTControlCharacters(output);
  const lines = text.slice(Math.max(0, text.indexOf('error during build'))).split('\n');
  const telling = lines.map((line) => line.trim()).filter((line) => line !== '' && !SAYS_NOTHING.test(line));
  const end = telling.findIndex((line) => /^(?:at |[╭│])/.test(line));
  return telling
    .slice(0, end < 0 ? 4 : Math.min(end, 4))
    .join(' ')
    .slice(0, 300);
}

/** 0 if there is no such file. */
async function changedAt(path: string): Promise<number> {
  return (await stat(path).catch(() => undefined))?.mtimeMs ?? 0;
}

async function newest(path: string): Promise<number> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => undefined);
  if (!entries) return changedAt(path);
  const inside = entries.filter(({ name }) => !NOT_THE_PAGE.test(name)).map(({ name }) => newest(join(path, name)));
  return Math.max(0, ...(await Promise.all(inside)));
}
