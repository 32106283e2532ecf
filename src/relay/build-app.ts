import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { RelayError } from './errors.ts';

/** Everything that the built app is made of. */
const SOURCES = [
  'index.html',
  'package-lock.json',
  'vite.config.ts',
  'vite.shims.ts',
  'src',
  'workers',
  'shaders',
  'public',
];

/**
 * The folder of the built app, built first if it is missing or older than its sources.
 *
 * @param rootDir the repository
 * @throws {RelayError} `app-missing`
 */
export async function ensureApp(rootDir: string, signal: AbortSignal, log: (line: string) => void): Promise<string> {
  const distDir = join(rootDir, 'dist');
  const builtMs = await newest(join(distDir, 'index.html'));
  const times = await Promise.all(SOURCES.map((name) => newest(join(rootDir, name))));
  if (builtMs > 0 && builtMs >= Math.max(...times)) return distDir;
  if (!existsSync(join(rootDir, 'index.html'))) {
    if (builtMs > 0) return distDir;
    throw new RelayError(
      'app-missing',
      `${rootDir} has neither a built app nor its sources; run this from the project`,
    );
  }
  log(builtMs > 0 ? 'the app is older than its sources: building it again' : 'building the app, once');
  await build(rootDir, signal);
  return distDir;
}

/** The latest change in a file or folder, ms; 0 if it is absent. Tests are no part of the app. */
async function newest(path: string): Promise<number> {
  const info = await stat(path).catch(() => undefined);
  if (!info) return 0;
  if (!info.isDirectory()) return path.endsWith('.test.ts') ? 0 : info.mtimeMs;
  const names = await readdir(path);
  return Math.max(0, ...(await Promise.all(names.map((name) => newest(join(path, name))))));
}

/** In a process of its own: the build's memory is given back, and its output is the progress. */
function build(rootDir: string, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const vite = join(rootDir, 'node_modules', 'vite', 'bin', 'vite.js');
    const child = spawn(process.execPath, [vite, 'build'], { cwd: rootDir, stdio: 'inherit', signal });
    child.once('error', (error) => reject(signal.aborted ? error : failed(error)));
    child.once('exit', (code) => (code === 0 ? resolve() : reject(failed(`exit code ${code}`))));
  });
}

function failed(cause: unknown): RelayError {
  return new RelayError(
    'app-missing',
    'the app could not be built; see the lines above, or run `npx vite build`',
    cause,
  );
}
