import { expect, test } from '@playwright/test';
import { randomGguf } from './gguf-writer.ts';
import { openLyingSeed, openWeightsSite, progressOf, settle, start, visit, type WeightsSite } from './weights-site.ts';

const MIB = 1024 * 1024;
const file = randomGguf({ sizeBytes: 32 * MIB, seed: 31 });

test.describe.configure({ mode: 'serial' });
let site: WeightsSite;
test.beforeAll(async () => {
  site = await openWeightsSite({
    'liar-seed.gguf': file,
    'liar-alone.gguf': randomGguf({ sizeBytes: 32 * MIB, seed: 32 }),
    'liar-peer.gguf': randomGguf({ sizeBytes: 32 * MIB, seed: 33 }),
    'liar-only.gguf': randomGguf({ sizeBytes: 32 * MIB, seed: 34 }),
    'two-liars.gguf': randomGguf({ sizeBytes: 32 * MIB, seed: 36 }),
    'nobody.gguf': randomGguf({ sizeBytes: 2 * MIB, seed: 35, layers: 3 }),
  });
});
test.afterAll(() => site.close());

type Visitor = Awaited<ReturnType<typeof visit>>;
const logsOf = ({ page }: Visitor) => page.evaluate(() => globalThis.harness.logs());

async function expectFullAndLean(visitor: Visitor, title: string, sizeBytes: number, sha256: string) {
  expect(await settle(visitor.page)).toEqual({ state: 'done' });
  const progress = await progressOf(visitor.page);
  const received = progress.fromPeersBytes + progress.fromWebSeedBytes;
  console.log(`${title}: received ${(received / sizeBytes).toFixed(3)} of the model, banned ${progress.banned}`);
  expect(received / sizeBytes).toBeLessThanOrEqual(1.3);
  expect(await visitor.page.evaluate(() => globalThis.harness.rebuiltHash())).toBe(sha256);
  return progress;
}

test('a web seed that lies is banned, the honest peer is not, and at most 1.3 times the model is received', async ({
  browser,
}) => {
  const { model, sha256 } = site.published('liar-seed.gguf');
  const liar = await openLyingSeed(file);
  const [honest, victim] = await Promise.all([visit(browser, site), visit(browser, site)]);
  await start(honest.page, site.order(model));
  expect(await settle(honest.page)).toEqual({ state: 'done' });
  await honest.page.evaluate(() => globalThis.harness.stop());
  // The victim meets the liar first; a peer that is there already would leave the web seed nothing to do.
  const { announce } = site.order(model).sources;
  await start(victim.page, site.order(model, { sources: { announce, webSeeds: [liar.url] } }));
  await victim.page.waitForFunction(() => (globalThis.harness.progress()?.banned ?? 0) > 0, undefined, {
    timeout: 60_000,
  });
  await start(honest.page, site.order(model));
  const progress = await expectFullAndLean(victim, 'lying web seed, then an honest peer', model.sizeBytes, sha256);
  expect(progress.banned).toBe(1);
  expect(progress.fromWebSeedBytes).toBeGreaterThan(0);
  expect((await logsOf(victim)).filter((line) => line.includes('banned') && line.includes('webrtc'))).toEqual([]);
  liar.close();
  await Promise.all([honest, victim].map(({ context }) => context.close()));
});

test('a web seed that lies, and nobody else: a named error after a few chunks', async ({ browser }) => {
  const { model } = site.published('liar-alone.gguf');
  const liar = await openLyingSeed(file);
  const victim = await visit(browser, site);
  const order = site.order(model, { sources: { announce: [], webSeeds: [liar.url] }, patienceMs: 3000 });
  await start(victim.page, order);
  expect(await settle(victim.page)).toMatchObject({
    state: 'failed',
    error: { name: 'WeightsError', code: 'sources-corrupt' },
  });
  console.log(`lying web seed alone: it sent ${(liar.sentBytes() / model.sizeBytes).toFixed(3)} of the model`);
  expect(liar.sentBytes() / model.sizeBytes).toBeLessThan(0.3);
  expect(await victim.page.evaluate(() => globalThis.harness.heldBytes())).toBe(0);
  liar.close();
  await victim.context.close();
});

test('a peer that lies is banned, with the operator’s web seed and an honest peer beside it', async ({ browser }) => {
  const { model, sha256 } = site.published('liar-peer.gguf');
  const [liar, honest, victim] = await Promise.all([visit(browser, site), visit(browser, site), visit(browser, site)]);
  for (const { page } of [liar, honest]) {
    await start(page, site.order(model));
    expect(await settle(page)).toEqual({ state: 'done' });
  }
  await liar.page.evaluate(() => globalThis.harness.lie());
  await start(victim.page, site.order(model));
  await expectFullAndLean(victim, 'lying peer, honest peer and web seed', model.sizeBytes, sha256);
  expect((await logsOf(victim)).filter((line) => line.includes('banned') && line.includes('webSeed'))).toEqual([]);
  await Promise.all([liar, honest, victim].map(({ context }) => context.close()));
});

test('a peer that lies, and only the web seed beside it', async ({ browser }) => {
  const { model, sha256 } = site.published('liar-only.gguf');
  const [liar, victim] = await Promise.all([visit(browser, site), visit(browser, site)]);
  await start(liar.page, site.order(model));
  expect(await settle(liar.page)).toEqual({ state: 'done' });
  await liar.page.evaluate(() => globalThis.harness.lie());
  await start(victim.page, site.order(model));
  await expectFullAndLean(victim, 'lying peer and web seed', model.sizeBytes, sha256);
  await Promise.all([liar, victim].map(({ context }) => context.close()));
});

test('two peers that lie beside an honest one, without any web seed: blocks are mixed, and the cap holds', async ({
  browser,
}) => {
  const { model, sha256 } = site.published('two-liars.gguf');
  const [one, two, honest, victim] = await Promise.all([
    visit(browser, site),
    visit(browser, site),
    visit(browser, site),
    visit(browser, site),
  ]);
  for (const visitor of [one, two, honest]) {
    await start(visitor.page, site.order(model));
    expect(await settle(visitor.page)).toEqual({ state: 'done' });
  }
  for (const visitor of [one, two]) await visitor.page.evaluate(() => globalThis.harness.lie());
  const { announce } = site.order(model).sources;
  await start(victim.page, site.order(model, { sources: { announce, webSeeds: [] } }));
  await expectFullAndLean(victim, 'two lying peers and an honest one', model.sizeBytes, sha256);
  console.log((await logsOf(victim)).join('\n'));
  await Promise.all([one, two, honest, victim].map(({ context }) => context.close()));
});

test('nobody has the model: a named error that says what to do', async ({ browser }) => {
  const { model } = site.published('nobody.gguf');
  const { context, page } = await visit(browser, site);
  const { announce } = site.order(model).sources;
  const order = site.order(model, { sources: { announce, webSeeds: ['http://127.0.0.1:9/none'] }, patienceMs: 3000 });
  await start(page, order);
  const { state, error } = await settle(page);
  expect([state, error?.code]).toEqual(['failed', 'no-sources']);
  expect(error?.message).toContain('try again');
  await context.close();
});
