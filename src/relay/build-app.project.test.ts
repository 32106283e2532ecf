import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { APP_SOURCES, buildApp } from './build-app.ts';

test('the project’s own page is built where none has been, and works offline with the scripts of that build', async () => {
  const rootDir = await mkdtemp(join(tmpdir(), 'starling-project-'));
  onTestFinished(() => rm(rootDir, { recursive: true }));
  await symlink(resolve('node_modules'), join(rootDir, 'node_modules'));
  for (const name of [...APP_SOURCES, 'package.json', 'tsconfig.base.json']) {
    await cp(resolve(name), join(rootDir, name), { recursive: true });
  }
  const dist = await buildApp({ rootDir, say: () => undefined });

  const page = await readFile(join(dist, 'index.html'), 'utf8');
  const named = [...page.matchAll(/"\/(assets\/[^"]+)"/g)].map(([, path]) => path);
  const kept = [...(await readFile(join(dist, 'service-worker.js'), 'utf8')).matchAll(/"url":"([^"]+)"/g)];
  const keptPaths = kept.map(([, path]) => path);
  expect(named.length).toBeGreaterThan(1);
  expect(keptPaths).toEqual(expect.arrayContaining(['index.html', ...named]));
  // The node, its workers and the network stack wait for a click.
  expect(keptPaths.filter((path) => path?.startsWith('assets/') && !named.includes(path))).toEqual([
    expect.stringMatching(/^assets\/de-/),
  ]);
  for (const name of ['embed.js', 'embed/frame.html', 'village/index.html']) {
    expect((await readFile(join(dist, name), 'utf8')).length, name).toBeGreaterThan(200);
  }
}, 180_000);
