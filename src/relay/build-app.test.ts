import { mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { buildApp } from './build-app.ts';

let rootDir: string;
let lines: string[];
const build = () => buildApp({ rootDir, say: (line) => lines.push(line) });
const page = () => readFile(join(rootDir, 'dist/index.html'), 'utf8');

beforeEach(async () => {
  lines = [];
  rootDir = await mkdtemp(join(tmpdir(), 'starling-build-'));
  await symlink(resolve('node_modules'), join(rootDir, 'node_modules'));
  await mkdir(join(rootDir, 'src/relay'), { recursive: true });
  await writeFile(join(rootDir, 'package.json'), '{"type":"module"}');
  await writeFile(join(rootDir, 'index.html'), '<script type="module" src="/src/main.js"></script>');
  await writeFile(join(rootDir, 'src/main.js'), 'document.title = "one";');
});
afterEach(() => rm(rootDir, { recursive: true }));

test('builds when there is no page or a source is newer, and not otherwise', async () => {
  expect(await build()).toBe(join(rootDir, 'dist'));
  expect(await page()).toContain('/assets/index-');
  expect(lines.length).toBeGreaterThan(0);
  lines = [];
  await build();
  expect(lines).toEqual([]);
  // Neither the server nor a test is part of the page.
  const later = new Date(Date.now() + 60_000);
  for (const name of ['src/relay/main.ts', 'src/x.test.ts']) {
    await writeFile(join(rootDir, name), '');
    await utimes(join(rootDir, name), later, later);
  }
  await build();
  expect(lines).toEqual([]);
  const before = await page();
  await writeFile(join(rootDir, 'src/main.js'), 'document.title = "two";');
  await utimes(join(rootDir, 'src/main.js'), later, later);
  await build();
  expect(await page()).not.toBe(before);
}, 60_000);

test('sources that do not build are named in one error, and the page built before stays', async () => {
  await build();
  const before = await page();
  const later = new Date(Date.now() + 60_000);
  await writeFile(join(rootDir, 'src/main.js'), 'import "./missing.js";');
  await utimes(join(rootDir, 'src/main.js'), later, later);
  await expect(build()).rejects.toMatchObject({
    code: 'build-failed',
    message: expect.stringContaining('missing.js') as string,
  });
  expect(await page()).toBe(before);
}, 60_000);
