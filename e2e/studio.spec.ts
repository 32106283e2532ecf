import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { expectAccessible } from './accessible.ts';
import { startOperator, storyModel, type Operator } from './operator.ts';
import { takePicture } from './picture.ts';
import { writeStoryAdapter } from './story-adapter.ts';
import { contribute, readDownload } from './tab.ts';
import { useVisitors } from './visitors.ts';

const BASE = 'public/models/starling-builtin.gguf';
const DATA = 'models/personas/innkeeper.jsonl';
let operator: Operator;
const visit = useVisitors(() => operator.url);
const openStudio = () => visit({ at: '#studio' });

test.beforeEach(async () => {
  operator = await startOperator({ models: [BASE] });
});

test.afterEach(async () => {
  await operator.stop();
});

/** The held-out losses that the page tells, before and now. */
function losses(text: string | null): [number, number] {
  const [, before = '', after = ''] = /Held-out loss (\d+\.\d+) → (\d+\.\d+)/.exec(text ?? '') ?? [];
  return [Number(before), Number(after)];
}

async function choose(page: Page, times: number): Promise<void> {
  await page.getByLabel('File to learn from').setInputFiles(DATA);
  await page.getByLabel('Times through the file').fill(String(times));
  await page.getByRole('button', { name: 'Read the file' }).click();
  await expect(page.getByTestId('studio-phase')).toHaveAttribute('data-phase', 'ready');
}

async function done(page: Page): Promise<void> {
  await expect(page.getByTestId('studio-phase')).toHaveAttribute('data-phase', 'done', { timeout: 150_000 });
}

async function save(page: Page, what: string): Promise<string> {
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: what }).click();
  return readDownload(await download);
}

test('a model is taught a character, tried and saved', async () => {
  const { page, errors } = await openStudio();
  await takePicture(page, 'studio-form');
  await expectAccessible(page);
  await choose(page, 6);
  await expect(page.locator('token-preview mark').first()).toBeVisible();
  await page.getByRole('button', { name: 'Measure first' }).click();
  await expect(page.getByTestId('fit')).toContainText('s a step');
  await takePicture(page, 'studio-ready');
  await expectAccessible(page);

  await page.getByRole('button', { name: 'Train', exact: true }).click();
  await done(page);
  const [before, after] = losses(await page.getByTestId('curve').textContent());
  expect(after).toBeLessThan(0.7 * before);
  await page.getByLabel('Try what it has learnt').fill('Guest: Where can I sleep?\nMara:');
  await page.getByRole('button', { name: 'Try' }).click();
  await expect(page.getByTestId('sample')).toContainText(/Well now|Mind the step|Warm your hands/);
  await takePicture(page, 'studio-done');
  await expectAccessible(page);
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save as GGUF' }).click();
  const file = join(mkdtempSync(join(tmpdir(), 'starling-studio-')), 'innkeeper.gguf');
  await (await download).saveAs(file);
  await page.getByRole('button', { name: 'Put it on this device’s shelf' }).click();
  await expect(page.getByTestId('shelved')).toContainText('innkeeper.gguf');

  // A run that begins with it begins where it ended.
  await page.getByRole('button', { name: 'Discard' }).click();
  await page.getByLabel('Begin with').selectOption('innkeeper.gguf');
  await choose(page, 1);
  await page.getByRole('button', { name: 'Train', exact: true }).click();
  await done(page);
  const [begun] = losses(await page.getByTestId('curve').textContent());
  expect(begun).toBe(after);
  await page.getByRole('button', { name: 'Discard' }).click();
  expect(errors).toEqual([]);

  // Whoever publishes it shares it with everybody: other tabs fetch it like a model and talk to it.
  await operator.stop();
  operator = await startOperator({ models: [BASE, file] });
  const guest = await visit({ at: '#chat' });
  await guest.page.getByRole('combobox', { name: 'Model' }).selectOption('innkeeper.gguf');
  await guest.page.getByLabel('Your message').fill('Where can I sleep?');
  await guest.page.getByRole('button', { name: 'Send' }).click();
  await expect(guest.page.locator('li[data-role="assistant"]')).not.toHaveText('…');
  await expect(guest.page.getByRole('button', { name: 'New conversation' })).toBeVisible();
  await guest.page.getByRole('link', { name: 'Models' }).click();
  const shelved = guest.page.locator('model-shelf article', { hasText: 'innkeeper.gguf' });
  await expect(shelved).toContainText('an adapter of starling-builtin.gguf, rank 8');
  await expect(shelved).toHaveAttribute('data-state', 'held');
  await takePicture(guest.page, 'shelf-adapter');
  expect(guest.errors).toEqual([]);
});

test('a run that is paused and gone on with after a reload has the curve of one that never was, to the last bit', async () => {
  const { page } = await openStudio();
  await choose(page, 2);
  await page.getByRole('button', { name: 'Train', exact: true }).click();
  await expect(page.getByTestId('curve')).toContainText(/Step [4-9] of/);
  await page.getByRole('button', { name: 'Pause' }).click();
  await expect(page.getByTestId('studio-phase')).toHaveAttribute('data-phase', 'paused');
  await page.reload();
  await page.getByRole('button', { name: 'Go on with the last run' }).click();
  await page.getByRole('button', { name: 'Train on' }).click();
  await done(page);
  const interrupted = await save(page, 'Save the curve');
  await page.getByRole('button', { name: 'Discard' }).click();
  await choose(page, 2);
  await page.getByRole('button', { name: 'Train', exact: true }).click();
  await done(page);
  expect(JSON.parse(await save(page, 'Save the curve'))).toEqual(JSON.parse(interrupted));
});

test('files that cannot be learnt from are refused by name', async () => {
  const { page } = await openStudio();
  const [first = ''] = readFileSync(DATA, 'utf8').split('\n');
  for (const [text, code] of [
    ['', 'trainingdata/empty'],
    [first, 'trainingdata/too-few-rows'],
    ['{"messages":[{"role":"wizard","content":"x"}]}', 'trainingdata/invalid-role'],
    ['{"prompt":"x","completion":""}', 'trainingdata/no-completion'],
    [`${first}\n{"text":"${'word '.repeat(900)}"}`, 'trainingdata/row-too-long'],
  ] as const) {
    await page.getByLabel('File to learn from').setInputFiles({
      name: 'rows.jsonl',
      mimeType: 'application/jsonl',
      buffer: Buffer.from(text),
    });
    await page.getByRole('button', { name: 'Read the file' }).click();
    await expect(page.getByRole('alert')).toHaveAttribute('data-code', code);
  }
});

test('an adapter from elsewhere is checked against its model, tried, and put on the shelf', async () => {
  const { page, errors } = await openStudio();
  const config = { name: 'adapter_config.json', mimeType: 'application/json', buffer: Buffer.from('{}') };
  const strange = await writeStoryAdapter(storyModel(), 'strange');
  const fitting = await writeStoryAdapter(BASE, 'dialect');
  for (const [files, code] of [
    [[config], 'adapter/adapter-invalid'],
    [[config, { ...config, name: 'adapter_model.safetensors' }], 'adapter/adapter-invalid'],
    [strange, 'adapter/adapter-base'],
  ] as const) {
    await page.getByLabel('Files of the adapter').setInputFiles(files);
    await page.getByRole('button', { name: 'Check the files' }).click();
    await expect(page.getByRole('alert')).toHaveAttribute('data-code', code);
  }
  await page.getByLabel('Files of the adapter').setInputFiles(fitting);
  await page.getByRole('button', { name: 'Check the files' }).click();
  await expect(page.getByTestId('imported')).toContainText('Rank 4');
  await expectAccessible(page);
  await page.getByLabel('Try what it has learnt').fill('Guest: Where can I sleep?\nMara:');
  await page.getByRole('button', { name: 'Try' }).click();
  await expect(page.getByTestId('sample')).not.toBeEmpty();
  await page.getByLabel('Licence').fill('CC-BY-4.0');
  await page.getByRole('button', { name: 'Put it on this device’s shelf' }).click();
  await expect(page.getByTestId('shelved')).toContainText('dialect.gguf');
  await takePicture(page, 'studio-import');
  await page.getByRole('link', { name: 'Models' }).click();
  const own = page.locator('model-shelf article', { hasText: 'dialect.gguf' });
  await expect(own).toHaveAttribute('data-state', 'held');
  await expect(own).toContainText('made on this device');

  // Nobody hears of it before its person says so; then others find it, and fetch it from this tab alone.
  const guest = await visit();
  await contribute(guest.page);
  await guest.page.getByRole('link', { name: 'Models' }).click();
  const found = guest.page.locator('model-shelf article', { hasText: 'dialect.gguf' });
  await expect(guest.page.locator('model-shelf article')).toHaveCount(1);
  await own.getByRole('button', { name: 'Share with others' }).click();
  await expect(found).toContainText('an adapter of starling-builtin.gguf, rank 4');
  await expect(found).toContainText('CC-BY-4.0');
  await expect(found).toContainText('made and shared by');
  await expect(found).toHaveAttribute('data-state', 'absent');
  await found.getByRole('button', { name: 'Download' }).click();
  await expect(found).toHaveAttribute('data-state', 'held', { timeout: 60_000 });
  await takePicture(guest.page, 'shelf-shared');
  await own.getByRole('button', { name: 'Stop sharing' }).click();
  await expect(own.getByRole('button', { name: 'Share with others' })).toBeVisible();
  await expect(found).toHaveAttribute('data-state', 'held');
  expect([...errors, ...guest.errors]).toEqual([]);
});
