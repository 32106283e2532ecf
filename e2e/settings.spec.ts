import { expect, test, type Page } from '@playwright/test';
import { expectAccessible } from './accessible.ts';
import { startOperator, storyModel, type Operator } from './operator.ts';
import { takePicture } from './picture.ts';
import { contribute, readDownload } from './tab.ts';
import { useVisitors } from './visitors.ts';

let operator: Operator;
const visit = useVisitors(() => operator.url);

test.beforeAll(async () => {
  operator = await startOperator({ models: [storyModel()] });
});

test.afterAll(async () => {
  await operator.stop();
});

const groundOf = (page: Page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

test('the page speaks the browser’s language, and another when asked, from then on', async () => {
  const { page } = await visit({ locale: 'de-AT' });
  await expect(page.locator('html')).toHaveAttribute('lang', 'de');
  await page.getByRole('button', { name: 'Beitragen …' }).click();
  await expect(page.getByRole('dialog')).toContainText('Bevor etwas beginnt');
  await expectAccessible(page);
  await takePicture(page, 'consent-german');
  await page.getByRole('button', { name: 'Jetzt nicht' }).click();
  await page.getByRole('link', { name: 'Einstellungen' }).click();
  await page.getByLabel('Sprache').selectOption('en');
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  await expect(page.getByRole('link', { name: 'Settings' })).toBeVisible();
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  await expect(page.getByRole('heading', { name: 'Settings' })).toBeVisible();
});

test('an English page fetches no other language', async () => {
  const { page } = await visit();
  const paths: string[] = [];
  page.on('request', (request) => paths.push(new URL(request.url()).pathname));
  await page.reload();
  await expect(page.locator('html')).toHaveAttribute('lang', 'en');
  await expect(page.getByRole('button', { name: 'Contribute…' })).toBeEnabled();
  expect(paths.filter((path) => /\/de-/.test(path))).toEqual([]);
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByLabel('Language').selectOption('de');
  await expect(page.getByRole('heading', { name: 'Einstellungen' })).toBeVisible();
  expect(paths.filter((path) => /\/de-/.test(path))).toHaveLength(1);
});

test('colours are the system’s until a person chooses', async () => {
  const { page } = await visit();
  await page.emulateMedia({ colorScheme: 'dark' });
  expect(await groundOf(page)).toBe('rgb(20, 22, 26)');
  await page.getByRole('link', { name: 'Settings' }).click();
  await expectAccessible(page);
  await page.getByLabel('Colours').selectOption('light');
  expect(await groundOf(page)).toBe('rgb(251, 250, 247)');
  await page.reload();
  expect(await groundOf(page)).toBe('rgb(251, 250, 247)');
  await expectAccessible(page);
});

/** Everything that this origin keeps in the browser, by name. */
const keptBy = (page: Page) =>
  page.evaluate(async () => ({
    // The service worker's library keeps its own notes until that worker ends, as the browser decides.
    databases: (await indexedDB.databases()).map(({ name }) => name).filter((name) => !name?.startsWith('workbox-')),
    local: Object.keys(localStorage),
    caches: await caches.keys(),
    workers: (await navigator.serviceWorker.getRegistrations()).length,
  }));

test('an identity goes out to a locked file, everything is deleted, and the identity comes back', async () => {
  const { page, context, errors } = await visit();
  await contribute(page);
  await page.evaluate(async () => navigator.serviceWorker.ready);
  const other = await context.newPage();
  await other.goto(operator.url);
  await expect(other.getByTestId('other-tab')).toBeVisible();

  const selfOf = () =>
    page.evaluate(() => {
      const opening = indexedDB.open('starling-identity');
      return new Promise<string>((resolve) => {
        opening.addEventListener('success', () => {
          const reading = opening.result.transaction('keys').objectStore('keys').get('seed');
          reading.addEventListener('success', () => {
            opening.result.close();
            resolve(String(reading.result));
          });
        });
      });
    });
  const before = await selfOf();
  await page.getByRole('link', { name: 'Settings' }).click();
  await page.getByLabel('Passphrase, at least 10 letters').fill('correct horse battery');
  const saving = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save as file' }).click();
  const file = await readDownload(await saving);
  await expect(page.getByText('Saved. Keep the file')).toBeVisible();
  await expectAccessible(page);
  // A tab behind another is never drawn, nor photographed, and axe opens one of its own.
  await page.bringToFront();
  await takePicture(page, 'settings');

  await page.getByRole('button', { name: 'Leave and delete everything' }).click();
  await page.getByRole('button', { name: 'Delete everything', exact: true }).click();
  await expect(page.getByTestId('phase')).toHaveAttribute('data-phase', 'off');
  await expect(page.getByText('This cannot be undone')).toBeHidden();
  await expect.poll(() => keptBy(page)).toEqual({ databases: [], local: [], caches: [], workers: 0 });
  await expect(other.getByTestId('phase')).toHaveAttribute('data-phase', 'off');

  const identity = { name: 'mine.json', mimeType: 'application/json', buffer: Buffer.from(file) };
  await page.getByLabel('Saved identity').setInputFiles(identity);
  await page.getByLabel('Its passphrase').fill('wrong passphrase');
  await page.getByRole('button', { name: 'Use this identity' }).click();
  await expect(page.getByRole('alert')).toHaveAttribute('data-code', 'identity/wrong-passphrase');
  await page.getByLabel('Its passphrase').fill('correct horse battery');
  await Promise.all([page.waitForEvent('load'), page.getByRole('button', { name: 'Use this identity' }).click()]);
  expect(await selfOf()).toBe(before);
  expect(errors).toEqual([]);
});
