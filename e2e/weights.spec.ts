import { expect, test } from '@playwright/test';
import { randomGguf } from './gguf-writer.ts';
import { openHarness, openWeightsSite, progressOf, settle, start, visit, type WeightsSite } from './weights-site.ts';

const MIB = 1024 * 1024;
const MODEL_BYTES = 64 * MIB;
const pair = { sizeBytes: MODEL_BYTES, seed: 23, layers: 40 };

test.describe.configure({ mode: 'serial' });
let site: WeightsSite;
test.beforeAll(async () => {
  site = await openWeightsSite({
    'together.gguf': randomGguf({ sizeBytes: MODEL_BYTES, seed: 21 }),
    'reload.gguf': randomGguf({ sizeBytes: MODEL_BYTES, seed: 22 }),
    'base.gguf': randomGguf(pair),
    'tuned.gguf': randomGguf({ ...pair, name: 'tuned', differentLayers: [3, 14, 25, 36] }),
    'header.gguf': randomGguf({ sizeBytes: 8 * MIB, seed: 24, layers: 4 }),
    'pause.gguf': randomGguf({ sizeBytes: MODEL_BYTES, seed: 25 }),
    'restart.gguf': randomGguf({ sizeBytes: 8 * MIB, seed: 26, layers: 4 }),
  });
});
test.afterAll(() => site.close());

const show = (title: string, figures: Record<string, number | string>) =>
  console.log(
    `${title}: ${Object.entries(figures)
      .map(([name, value]) => `${name} ${value}`)
      .join(', ')}`,
  );
const mib = (bytes: number) => (bytes / MIB).toFixed(1);

test('four visitors who arrive together get at least half of all bytes from each other', async ({ browser }) => {
  const { model, sha256 } = site.published('together.gguf');
  const before = await site.webSeedBytes();
  const visitors = await Promise.all([1, 2, 3, 4].map(() => visit(browser, site)));
  const startedMs = Date.now();
  await Promise.all(visitors.map(({ page }) => start(page, site.order(model))));
  const outcomes = await Promise.all(visitors.map(({ page }) => settle(page)));
  expect(outcomes).toEqual(outcomes.map(() => ({ state: 'done' })));
  const tookMs = Date.now() - startedMs;
  const all = await Promise.all(visitors.map(({ page }) => progressOf(page)));
  const fromPeers = all.reduce((sum, { fromPeersBytes }) => sum + fromPeersBytes, 0);
  const fromWeb = (await site.webSeedBytes()) - before;
  show('four visitors, 64 MiB', {
    'from peers': `${mib(fromPeers)} MiB`,
    'from the web seed': `${mib(fromWeb)} MiB`,
    share: (fromPeers / (fromPeers + fromWeb)).toFixed(3),
    seconds: (tookMs / 1000).toFixed(1),
    each: all.map((p) => `${mib(p.fromPeersBytes)}+${mib(p.fromWebSeedBytes)}`).join(' '),
  });
  expect(fromPeers / (fromPeers + fromWeb)).toBeGreaterThanOrEqual(0.5);
  for (const { page } of visitors) expect(await page.evaluate(() => globalThis.harness.rebuiltHash())).toBe(sha256);
  await Promise.all(visitors.map(({ context }) => context.close()));
});

test('a visitor reloaded at about half fetches no verified chunk again', async ({ browser }) => {
  const { model, sha256 } = site.published('reload.gguf');
  const { context, page } = await visit(browser, site);
  await start(page, site.order(model));
  await page.waitForFunction((half) => (globalThis.harness.progress()?.verifiedBytes ?? 0) > half, MODEL_BYTES / 2, {
    polling: 20,
  });
  const first = await progressOf(page);
  await page.reload();
  await openHarness(page, site);
  await start(page, site.order(model));
  expect(await settle(page)).toEqual({ state: 'done' });
  const second = await progressOf(page);
  const fetched = second.fromPeersBytes + second.fromWebSeedBytes;
  show('reload at half', {
    'verified before (last event)': `${mib(first.verifiedBytes)} MiB`,
    'fetched after': `${mib(fetched)} MiB`,
    total: `${mib(model.sizeBytes)} MiB`,
  });
  expect(fetched).toBeLessThanOrEqual(model.sizeBytes - first.verifiedBytes);
  expect(await page.evaluate(() => globalThis.harness.rebuiltHash())).toBe(sha256);
  expect(await page.evaluate((hash) => globalThis.harness.waitingChunks(hash), model.infoHash)).toBe(0);
  await context.close();
});

test('two models that share 90 % of their tensors cost at most 15 % extra for the second', async ({ browser }) => {
  const first = site.published('base.gguf');
  const second = site.published('tuned.gguf');
  const { context, page } = await visit(browser, site);
  await start(page, site.order(first.model));
  expect(await settle(page)).toEqual({ state: 'done' });
  const held = await page.evaluate(() => globalThis.harness.heldBytes());
  await start(page, site.order(second.model));
  expect(await settle(page)).toEqual({ state: 'done' });
  const progress = await progressOf(page);
  const fetched = progress.fromPeersBytes + progress.fromWebSeedBytes;
  const stored = (await page.evaluate(() => globalThis.harness.heldBytes())) - held;
  show('second of a pair that shares 90 %', {
    fetched: `${((100 * fetched) / second.model.sizeBytes).toFixed(1)} %`,
    stored: `${((100 * stored) / second.model.sizeBytes).toFixed(1)} %`,
  });
  expect(fetched / second.model.sizeBytes).toBeLessThanOrEqual(0.15);
  expect(stored / second.model.sizeBytes).toBeLessThanOrEqual(0.15);
  expect(await page.evaluate(() => globalThis.harness.rebuiltHash())).toBe(second.sha256);
  await context.close();
});

test('a requester fetches the header only, from the web seed and, without one, from a peer', async ({ browser }) => {
  const { model } = site.published('header.gguf');
  const [holder, viaWeb, viaPeer] = await Promise.all([
    visit(browser, site),
    visit(browser, site),
    visit(browser, site),
  ]);
  await start(holder.page, site.order(model));
  expect(await settle(holder.page)).toEqual({ state: 'done' });
  await start(viaWeb.page, site.order(model, { headerOnly: true }));
  expect(await settle(viaWeb.page)).toEqual({ state: 'done' });
  const { announce } = site.order(model).sources;
  await start(viaPeer.page, site.order(model, { headerOnly: true, sources: { announce, webSeeds: [] } }));
  expect(await settle(viaPeer.page)).toEqual({ state: 'done' });
  for (const { page } of [viaWeb, viaPeer]) {
    const held = await page.evaluate(() => globalThis.harness.heldBytes());
    expect(held).toBeGreaterThanOrEqual(model.headerBytes);
    expect(held).toBeLessThan(MIB);
  }
  await Promise.all([holder, viaWeb, viaPeer].map(({ context }) => context.close()));
});

test('paused it moves nothing, resumed it ends, and deleting the model frees its bytes', async ({ browser }) => {
  const { model } = site.published('pause.gguf');
  const { context, page } = await visit(browser, site);
  await start(page, site.order(model));
  await page.waitForFunction(() => (globalThis.harness.progress()?.verifiedBytes ?? 0) > 0, undefined, { polling: 20 });
  await page.evaluate(() => globalThis.harness.pause());
  const paused = await progressOf(page);
  expect(paused.stage).toBe('paused');
  expect(paused.verifiedBytes).toBeLessThan(model.sizeBytes);
  const sent = await site.webSeedBytes();
  await page.waitForTimeout(1000);
  expect(await site.webSeedBytes()).toBe(sent);
  await page.evaluate(() => globalThis.harness.resume());
  await page.waitForFunction(() => globalThis.harness.progress()?.stage === 'seeding', undefined, { timeout: 60_000 });
  expect(await page.evaluate(() => globalThis.harness.shelf())).toMatchObject([{ state: 'complete' }]);
  await context.close();
});

test('after a restart of the operator tabs find each other again, and a download goes on', async ({ browser }) => {
  const { model, sha256 } = site.published('restart.gguf');
  const [holder, late] = await Promise.all([visit(browser, site), visit(browser, site)]);
  await start(holder.page, site.order(model));
  expect(await settle(holder.page)).toEqual({ state: 'done' });
  await site.restart(3000);
  const restartedMs = Date.now();
  // Without a web seed the holder is the only source, and the tracker the only way to it.
  const { announce } = site.order(model).sources;
  await start(late.page, site.order(model, { sources: { announce, webSeeds: [] } }));
  expect(await settle(late.page)).toEqual({ state: 'done' });
  show('operator restarted', {
    'seconds until a newcomer was served by a tab': ((Date.now() - restartedMs) / 1000).toFixed(1),
  });
  expect(await late.page.evaluate(() => globalThis.harness.rebuiltHash())).toBe(sha256);
  await Promise.all([holder, late].map(({ context }) => context.close()));
});
