import { expect, test, type Page } from '@playwright/test';
import type { StarlingApi } from '../src/embed/index.ts';
import { startOperator, type Operator } from './operator.ts';
import { openPartitioned, type Partitioned } from './partitioned-browser.ts';
import { startPartners, type PartnerServer } from './partner-site.ts';
import { contribute } from './tab.ts';

let partners: PartnerServer;
let operator: Operator;
let visitor: Partitioned;
let starling: string;

test.beforeAll(async () => {
  partners = await startPartners();
  const sites = [`shop=${partners.origin('shop')}`, `news=${partners.origin('news')}`];
  operator = await startOperator({ models: [], sites });
  starling = new URL(operator.url).origin;
});
test.beforeEach(async () => {
  visitor = await openPartitioned('about:blank');
});
test.afterEach(() => visitor.close());
test.afterAll(async () => {
  partners.stop();
  await operator.stop();
});

declare global {
  interface Window {
    Starling?: StarlingApi;
    errors?: string[];
  }
}

const badgeOf = (page: Page) => page.frameLocator('iframe[title=Starling]');
const stateOf = (page: Page) => page.evaluate(() => window.Starling?.state);
const expectState = (page: Page, state: string) => expect.poll(() => stateOf(page)).toBe(state);

/** A short answer of the model, or the code of why there is none. */
const ask = (page: Page) =>
  page.evaluate(async () => {
    const messages = [{ role: 'user', content: 'Good day.' }] as const;
    try {
      return (await window.Starling?.complete(messages, { choices: ['wave: Good day.'], maxTokens: 16 }))?.text;
    } catch (error) {
      return (error as { readonly code?: string }).code;
    }
  });

async function agree(page: Page, isRemembered: boolean): Promise<void> {
  const badge = badgeOf(page);
  await badge.getByRole('button', { name: 'Share this GPU?' }).click();
  if (isRemembered) await badge.getByLabel('For 30 days').check();
  await badge.getByRole('button', { name: 'Start' }).click();
  await expectState(page, 'on');
}

test('what a person agrees to on one site holds there alone, is remembered if they say so, and ends at once', async () => {
  partners.put('/', starling, { attributes: 'data-mode="npc"' });
  partners.put('/news', starling, { site: 'news', attributes: 'data-mode="npc"' });
  const { page, context } = visitor;
  await page.goto(`${partners.origin('shop')}/`);
  await expectState(page, 'off');
  expect(await ask(page)).toBe('embed/consent-required');
  await agree(page, true);
  expect(await ask(page)).toBe('wave: Good day.');

  const other = await context.newPage();
  await other.goto(`${partners.origin('news')}/news`);
  await expectState(other, 'off');
  expect(await ask(other)).toBe('embed/consent-required');
  await other.close();

  await page.reload();
  await expectState(page, 'on');
  const [tookMs, code] = await page.evaluate(async () => {
    const messages = [{ role: 'user', content: 'Tell me everything.' }] as const;
    // Held to one long line of hardly any sense, it cannot have ended soon after its first word.
    const choices = [Array.from({ length: 300 }, (_, i) => 'qzxjvkw'[(i * i + i) % 7]).join('')];
    let begun = () => undefined as unknown;
    const beginning = new Promise((done) => (begun = () => done(undefined)));
    const answer = window.Starling?.complete(messages, { choices, maxTokens: 400, onText: () => begun() });
    const code = answer?.then(() => 'finished').catch((error: unknown) => (error as { readonly code?: string }).code);
    await Promise.race([beginning, code]);
    const startMs = performance.now();
    window.Starling?.revoke();
    await code;
    return [performance.now() - startMs, await code] as const;
  });
  test.info().annotations.push({ type: 'revoked within ms', description: tookMs.toFixed(0) });
  expect(code).toBe('embed/stopped');
  await expectState(page, 'off');
  expect(await ask(page)).toBe('embed/consent-required');
  await page.reload();
  await expectState(page, 'off');
  // A browser that never saw this person use Starling itself keeps each site's frame apart, and says so in the console.
  expect(visitor.errors.filter((text) => !text.startsWith('requestStorageAccess: '))).toEqual([]);
});

test('one page of a device computes at a time: two partners’ sites and Starling’s own, each taken by a click', async () => {
  partners.put('/', starling);
  partners.put('/news', starling, { site: 'news' });
  await visitor.close();
  const access = ['shop', 'news'].map((name) => ({ site: starling, within: partners.origin(name) }));
  visitor = await openPartitioned(operator.url, { access });
  const { page: app, context } = visitor;
  await contribute(app);

  const shop = await context.newPage();
  await shop.goto(`${partners.origin('shop')}/`);
  await agree(shop, false);
  expect(await ask(shop)).toBe('wave: Good day.');
  await expect(app.getByRole('button', { name: 'Run it in this tab instead' })).toBeVisible();

  const news = await context.newPage();
  await news.goto(`${partners.origin('news')}/news`);
  await agree(news, false);
  await expectState(shop, 'paused');
  expect(await ask(shop)).toBe('embed/consent-required');

  await shop.bringToFront();
  await badgeOf(shop).getByRole('button', { name: 'Use here' }).click();
  await expectState(shop, 'on');
  await expectState(news, 'paused');
  expect(await ask(shop)).toBe('wave: Good day.');

  await app.bringToFront();
  await app.getByRole('button', { name: 'Run it in this tab instead' }).click();
  await expect(app.getByRole('button', { name: 'Pause', exact: true })).toBeVisible();
  await expectState(shop, 'paused');
});

test('hosts that isolate themselves show it; what blocks or forges it is named, and no page is harmed', async () => {
  const { page } = visitor;
  const shop = partners.origin('shop');
  const blocked = { headers: { 'content-security-policy': `script-src ${starling}; frame-src 'none'` } };
  const cases = [
    ['/coep', { headers: { 'cross-origin-embedder-policy': 'require-corp' } }, 'off', undefined],
    ['/credentialless', { headers: { 'cross-origin-embedder-policy': 'credentialless' } }, 'off', undefined],
    [
      '/csp',
      { headers: { 'content-security-policy': `default-src 'none'; script-src ${starling}; frame-src ${starling}` } },
      'off',
      undefined,
    ],
    ['/off', { attributes: 'data-mode="off"' }, 'off', undefined],
    ['/blocked', blocked, 'failed', 'embed/blocked'],
    ['/key', { site: 'nobody' }, 'failed', 'embed/site-unlisted'],
    ['/stolen', { site: 'news' }, 'failed', 'embed/site-unlisted'],
    ['/attribute', { attributes: 'data-consent="given"' }, 'failed', 'embed/bad-attribute'],
    ['/duty', { attributes: 'data-max-duty="100"' }, 'failed', 'embed/bad-attribute'],
    ['/forged', { integrity: `sha384-${'A'.repeat(64)}` }, undefined, undefined],
  ] as const;
  for (const [path, partner, state, code] of cases) {
    partners.put(path, starling, partner);
    await page.goto(`${shop}${path}`);
    await expect.poll(() => stateOf(page), { message: path }).toBe(state);
    expect([path, await page.evaluate(() => window.Starling?.problem?.code)]).toEqual([path, code]);
    await expect(page.getByRole('heading', { name: 'A partner’s page' })).toBeVisible();
    // Whatever is wrong, a character has its script, and asking for consent harms nothing.
    const spoken = await page.evaluate(async () => {
      const character = { name: 'Mara', role: 'miller', style: 'warm' };
      const scene = { character, facts: [], actions: ['talk'], turns: [], player: 'Hello' };
      return (await window.Starling?.npc.say(scene, { fallback: ['Good day.'] }))?.say;
    });
    expect([path, spoken]).toEqual([path, state === undefined ? undefined : 'Good day.']);
  }
});

test('a page that meddles gets nothing: foreign messages, a covered sheet, a badge that is hidden or taken away', async () => {
  partners.put('/', starling, { attributes: 'data-mode="npc"' });
  const { page } = visitor;
  const warnings: string[] = [];
  page.on('console', (message) => warnings.push(message.text()));
  await page.goto(`${partners.origin('shop')}/`);
  await expectState(page, 'off');
  // A second hello and rubbish, from the page itself and from a frame of its own.
  await page.evaluate(() => {
    const frame = document.querySelector<HTMLIFrameElement>('iframe[title=Starling]')?.contentWindow;
    const hello = { t: 'starling/hello', v: 1, options: { mode: 'offer', maxShare: 0.5 } };
    frame?.postMessage(hello, '*', [new MessageChannel().port2]);
    frame?.postMessage('start', '*');
    const stranger = document.body.appendChild(document.createElement('iframe'));
    stranger.srcdoc = `<script>parent.frames[0].postMessage('start', '*')</script>`;
  });
  await expect.poll(() => warnings.filter((text) => text.includes('bad-message')).length).toBe(2);
  await expect.poll(() => warnings.some((text) => text.includes('foreign-origin'))).toBe(true);
  expect(await stateOf(page)).toBe('off');

  // Something of the page over the sheet: it cannot be agreed to until it is gone.
  const asked = page.evaluate(async () => window.Starling?.consent());
  const start = badgeOf(page).getByRole('button', { name: 'Start' });
  await expect(start).toBeEnabled();
  const cover = async () =>
    page.evaluate(() => {
      const sheet = document.body.appendChild(document.createElement('div'));
      sheet.id = 'cover';
      sheet.popover = 'manual';
      sheet.textContent = 'You have won';
      sheet.style.cssText = 'position: fixed; inset: 0; width: 100%; height: 100%; margin: 0; background: #fff';
      sheet.showPopover();
    });
  const uncover = async () => page.evaluate(() => document.getElementById('cover')?.remove());
  await cover();
  await expect(start).toBeDisabled();
  await uncover();
  await expect(start).toBeEnabled();
  await start.click();
  expect(await asked).toBe('granted');
  await expectState(page, 'on');

  // A question that is out of bounds is refused by name, not left without an answer.
  const outOfBounds = await page.evaluate(async () => {
    const asking = window.Starling?.complete([{ role: 'user', content: 'Hello' }], { maxTokens: 100_000 });
    return asking?.catch((error: unknown) => (error as { readonly code?: string }).code);
  });
  expect(outOfBounds).toBe('embed/bad-message');
  await cover();
  await expectState(page, 'paused');
  expect(await ask(page)).toBe('embed/consent-required');
  await uncover();
  await expectState(page, 'on');

  for (let times = 0; times < 3; times++) {
    await page.evaluate(() => document.querySelector('iframe[title=Starling]')?.remove());
    await expect(badgeOf(page).getByRole('button', { name: 'Share this GPU?' })).toBeVisible();
    await expectState(page, 'off');
  }
  await page.evaluate(() => document.querySelector('iframe[title=Starling]')?.remove());
  await expectState(page, 'failed');
  expect(await page.evaluate(() => window.Starling?.problem?.code)).toBe('embed/blocked');
});
