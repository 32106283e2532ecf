import { mkdtemp, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { build } from 'vite';

/**
 * Builds an entry to one file for Node: shaders, dependencies and all, but for Dawn (`webgpu`), which is native.
 *
 * @returns the file's path, in a new folder under `node_modules`, where it finds `webgpu`
 */
export async function bundle(entry: string): Promise<string> {
  const folder = await mkdtemp(resolve('node_modules', '.headless-'));
  await build({
    configFile: false,
    logLevel: 'error',
    ssr: { noExternal: true, external: ['webgpu'] },
    build: {
      ssr: entry,
      outDir: folder,
      target: 'node20',
      rollupOptions: { output: { format: 'es', codeSplitting: false, entryFileNames: '[name].mjs' } },
    },
  });
  const files = (await readdir(folder)).filter((name) => name.endsWith('.mjs'));
  const [file, ...others] = files;
  if (!file || others.length > 0) throw new Error(`expected one file from ${entry}, got ${files.join(', ') || 'none'}`);
  return join(folder, file);
}
