import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createOperator, type Operator } from './index.ts';

let folder: string;
let operator: Operator;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'starling-embed-'));
  await mkdir(join(folder, 'embed/assets'), { recursive: true });
  await mkdir(join(folder, 'village'));
  await writeFile(join(folder, 'index.html'), '<!doctype html><title>Starling</title>');
  await writeFile(join(folder, 'embed.js'), 'loader');
  await writeFile(join(folder, 'embed/frame.html'), '<meta name="starling-site" content="" />');
  await writeFile(join(folder, 'embed/assets/frame-x.js'), 'frame');
  await writeFile(join(folder, 'village/index.html'), '<h1>Village</h1><!-- starling -->');
  operator = await createOperator({
    dataDir: join(folder, 'data'),
    app: folder,
    sites: [{ key: 'shop', origins: ['https://shop.example'] }],
    hasExample: true,
  });
});
afterAll(async () => {
  await operator.stop();
  await rm(folder, { recursive: true });
});
const get = (path: string, from = operator.url) => fetch(new URL(path, from));

test('the frame is told the origins of its key, and nothing of a key that is not listed', async () => {
  const listed = await (await get('/embed/frame.html?site=shop')).text();
  expect(listed).toContain('{&quot;key&quot;:&quot;shop&quot;,&quot;origins&quot;:[&quot;https://shop.example&quot;]}');
  for (const key of ['', 'nobody', '"><script>', '__proto__']) {
    const page = await (await get(`/embed/frame.html?site=${encodeURIComponent(key)}`)).text();
    expect(page).toBe('<meta name="starling-site" content="" />');
  }
});

test('isolated hosts may load it; the app itself stays out of every frame', async () => {
  for (const path of ['/embed/frame.html?site=shop', '/embed/assets/frame-x.js']) {
    const { headers } = await get(path);
    expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp');
    expect(headers.get('cross-origin-resource-policy')).toBe('cross-origin');
    expect(headers.get('content-security-policy')).toContain("default-src 'none'");
    expect(headers.get('access-control-allow-origin')).toBe('*');
  }
  const loader = await get('/embed.js');
  expect(loader.headers.get('access-control-allow-origin')).toBe('*');
  expect((await get('/')).headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
});

test('the example is on an origin of its own, with the script’s hash and a policy that admits nothing else', async () => {
  const example = operator.exampleUrl ?? '';
  expect(new URL(example).origin).not.toBe(new URL(operator.url).origin);
  const page = await get('/', example);
  const starling = new URL(operator.url).origin;
  expect(await page.text()).toMatch(
    new RegExp(
      `<script async crossorigin="anonymous" src="${starling}/embed.js" integrity="sha384-[\\w+/=]{64}" data-site="village"`,
    ),
  );
  expect(page.headers.get('content-security-policy')).toContain(`script-src 'self' ${starling};`);
  expect((await get('/village/index.html')).status).toBe(404);
  const frame = await (await get('/embed/frame.html?site=village')).text();
  expect(frame).toContain(new URL(example).origin);
});
