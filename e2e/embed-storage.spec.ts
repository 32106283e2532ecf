import { expect, test, type Page } from '@playwright/test';
import { expectAccessible } from './accessible.ts';
import { startOperator, type Operator } from './operator.ts';
import { openPartitioned, type Partitioned } from './partitioned-browser.ts';
import { startPartners, type PartnerServer } from './partner-site.ts';

let partners: PartnerServer;
let operator: Operator;
let starling: string;
let visitor: Partitioned | undefined;

test.beforeAll(async () => {
  partners = await startPartners();
  const sites = [`shop=${partners.origin('shop')}`, `news=${partners.origin('news')}`];
  operator = await startOperator({ models: [], sites });
  starling = new URL(operator.url).origin;
  partners.put('/', starling, { attributes: 'data-mode="npc"' });
  partners.put('/news', starling, { site: 'news', attributes: 'data-mode="npc"' });
});
test.afterEach(() => visitor?.close());
test.afterAll(async () => {
  partners.stop();
  await operator.stop();
});

const badgeOf = (page: Page) => page.frameLocator('iframe[title=Starling]');

async function agree(page: Page): Promise<void> {
  await badgeOf(page).getByRole('button', { name: 'Share this GPU?' }).click();
  await badgeOf(page).getByRole('button', { name: 'Start' }).click();
  await expect.poll(() => page.evaluate(() => window.Starling?.state)).toBe('on');
}

const ask = (page: Page) =>
  page.evaluate(async () => {
    const messages = [{ role: 'user', content: 'Good day.' }] as const;
    const asked = window.Starling?.complete(messages, { choices: ['wave: Good day.'], maxTokens: 16 });
    return (await asked)?.text;
  });

/** How often the page's frames fetched of a model from now on. */
function countFetches(page: Page): () => number {
  let fetches = 0;
  page.on('request', (request) => {
    if (new URL(request.url()).pathname.startsWith('/weights/')) fetches += 1;
  });
  return () => fetches;
}

/** Where the panel says that the model is. */
async function kept(page: Page): Promise<string> {
  await badgeOf(page).getByRole('button', { name: 'Sharing' }).click();
  return badgeOf(page).locator('[data-part=kept]').innerText();
}

test('where the person lets sites use Starling’s own storage, a model is fetched once for all of them', async () => {
  const access = ['shop', 'news'].map((name) => ({ site: starling, within: partners.origin(name) }));
  visitor = await openPartitioned(operator.url, { access });
  const { page: app, context } = visitor;
  const shop = await context.newPage();
  const ofShop = countFetches(shop);
  await shop.goto(`${partners.origin('shop')}/`);
  await agree(shop);
  expect(await ask(shop)).toBe('wave: Good day.');
  expect(ofShop()).toBeGreaterThan(0);
  expect(await kept(shop)).toMatch(/once for all sites/);

  const news = await context.newPage();
  const ofNews = countFetches(news);
  await news.goto(`${partners.origin('news')}/news`);
  await agree(news);
  expect(await ask(news)).toBe('wave: Good day.');
  expect(ofNews()).toBe(0);

  // It is Starling's own model, which its shelf shows and deletes.
  await app.bringToFront();
  await app.reload();
  await app.getByRole('link', { name: 'Models' }).click();
  await expect(app.locator('model-shelf').getByRole('button', { name: 'Delete' }).first()).toBeVisible();
});

test('where nothing may be kept, it says so before the click, and answers from memory', async () => {
  const blocked = [{ site: starling, within: partners.origin('shop') }];
  visitor = await openPartitioned(`${partners.origin('shop')}/`, { blocked });
  const { page } = visitor;
  await badgeOf(page).getByRole('button', { name: 'Share this GPU?' }).click();
  await expect(badgeOf(page).getByText('in memory alone')).toBeVisible();
  await expect(badgeOf(page).getByLabel('For 30 days')).toHaveCount(0);
  await badgeOf(page).getByRole('button', { name: 'Not now' }).click();
  await agree(page);
  expect(await ask(page)).toBe('wave: Good day.');
  expect(await kept(page)).toMatch(/in memory alone/);
});

test('without a footprint it keeps nothing at all, answers from memory, and is a stranger to the next visit', async () => {
  partners.put('/traceless', starling, { attributes: 'data-mode="npc" data-footprint="none"' });
  visitor = await openPartitioned(`${partners.origin('shop')}/traceless`);
  const { page, context } = visitor;
  await badgeOf(page).getByRole('button', { name: 'Share this GPU?' }).click();
  await expect(badgeOf(page).getByText('in memory alone')).toBeVisible();
  await expect(badgeOf(page).getByLabel('For 30 days')).toHaveCount(0);
  await badgeOf(page).getByRole('button', { name: 'Not now' }).click();
  await agree(page);
  expect(await ask(page)).toBe('wave: Good day.');

  // Nothing that a page of this browser could find again: the frame may not even ask.
  const frame = page.frames().find((each) => each.url().startsWith(starling));
  const refused = await frame?.evaluate(async () => {
    const attempts: Record<string, () => unknown> = {
      localStorage: () => localStorage.length,
      indexedDB: () => indexedDB.open('starling-pieces'),
      caches: () => caches.keys(),
      files: () => navigator.storage.getDirectory(),
      locks: () => navigator.locks.query(),
    };
    const names: string[] = [];
    for (const [name, attempt] of Object.entries(attempts)) {
      try {
        await attempt();
      } catch {
        names.push(name);
      }
    }
    return names;
  });
  expect(refused).toEqual(['localStorage', 'indexedDB', 'caches', 'files', 'locks']);
  const session = await context.newCDPSession(page);
  for (const origin of [starling, partners.origin('shop')]) {
    const { usageBreakdown } = await session.send('Storage.getUsageAndQuota', { origin });
    expect([origin, usageBreakdown.filter(({ usage }) => usage > 0)]).toEqual([origin, []]);
  }
  // Ended, it frees the GPU, and may be agreed to anew.
  await page.evaluate(() => window.Starling?.revoke());
  await expect.poll(() => page.evaluate(() => window.Starling?.state)).toBe('off');
  await agree(page);
  expect(await ask(page)).toBe('wave: Good day.');
  await page.reload();
  await expect.poll(() => page.evaluate(() => window.Starling?.state)).toBe('off');
});

test('what was agreed to on other sites is listed in the settings; ended there, it ends at once and for good', async () => {
  const access = [{ site: starling, within: partners.origin('shop') }];
  visitor = await openPartitioned(operator.url, { access });
  const { page: app, context } = visitor;
  const shop = await context.newPage();
  await shop.goto(`${partners.origin('shop')}/`);
  await badgeOf(shop).getByRole('button', { name: 'Share this GPU?' }).click();
  await badgeOf(shop).getByLabel('For 30 days').check();
  await badgeOf(shop).getByRole('button', { name: 'Start' }).click();
  await expect.poll(() => shop.evaluate(() => window.Starling?.state)).toBe('on');

  // Somebody else's note beside it gives nobody anything.
  await app.evaluate(async () => {
    const opening = indexedDB.open('starling-grants');
    await new Promise((done) => opening.addEventListener('success', done));
    const writing = opening.result.transaction('grants', 'readwrite');
    writing.objectStore('grants').put({ site: 'evil', origin: 'https://evil.example' }, 'evil https://evil.example');
    await new Promise((done) => writing.addEventListener('complete', done));
    opening.result.close();
  });
  await app.bringToFront();
  await app.getByRole('link', { name: 'Settings' }).click();
  const list = app.locator('site-list');
  await expect(list.getByText('Ignored and deleted, malformed: 1')).toBeVisible();
  await expect(list.getByRole('listitem')).toHaveText([new RegExp(partners.origin('shop'))]);
  await expectAccessible(app);
  await list.getByRole('button', { name: 'End' }).click();
  await expect(list.getByText('None is known here.')).toBeVisible();
  await expect.poll(() => shop.evaluate(() => window.Starling?.state)).toBe('off');
  const refused = await ask(shop).catch((error: unknown) => String(error));
  expect(refused).toContain('the person has not agreed here');
  await shop.reload();
  await expect.poll(() => shop.evaluate(() => window.Starling?.state)).toBe('off');
});
