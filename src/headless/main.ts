/**
 * `npm run headless -- ENTRY [arguments]`: runs a file of ours that imports shaders under Node, with Dawn for a GPU.
 * `--bundle FILE` instead of arguments only writes it, to be run on another machine that has Node and `webgpu`.
 */
import { spawn } from 'node:child_process';
import { copyFile, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { bundle } from './bundle.ts';

const [entry, ...rest] = process.argv.slice(2);
if (!entry) {
  console.error('usage: npm run headless -- ENTRY.ts [arguments | --bundle FILE]');
  process.exit(2);
}
const file = await bundle(entry);
const only = rest[0] === '--bundle' ? rest[1] : undefined;
if (only) {
  await copyFile(file, only);
  console.log(`${only}: run it with Node beside the package webgpu`);
} else {
  // Dawn's threads outlive a script's last line: scripts end with process.exit.
  const child = spawn(process.execPath, ['--enable-source-maps', file, ...rest], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => child.kill(signal));
  process.exitCode = await new Promise<number>((done) => child.once('exit', (code) => done(code ?? 1)));
}
await rm(dirname(file), { recursive: true, force: true });
