import { expect, test, type Page } from '@playwright/test';
import { expectAccessible } from './accessible.ts';
import { startOperator, storyModel, type Operator } from './operator.ts';
import { takePicture } from './picture.ts';
import { openVisitor, type Visitor } from './tab.ts';

const visitors: Visitor[] = [];
let operator: Operator;

async function visit(init: Parameters<typeof openVisitor>[1] = {}): Promise<Visitor> {
  const visitor = await openVisitor(operator.url, init);
  visitors.push(visitor);
  return visitor;
}

test.beforeAll(async () => {
  operator = await startOperator({ models: [storyModel()] });
});

test.afterEach(async () => {
  await Promise.all(visitors.splice(0).map((visitor) => visitor.close().catch(() => undefined)));
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
