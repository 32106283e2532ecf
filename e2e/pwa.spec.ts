import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { expect, test } from '@playwright/test';
import { makeBatch } from './make-batch.ts';
import { startOperator, storyModel, storyModelName, type Operator } from './operator.ts';
import { takePicture } from './picture.ts';
import { contribute, submitBatch } from './tab.ts';
import { useVisitors } from './visitors.ts';

const WORKER = 'dist/service-worker.js';
let operator: Operator;
const visit = useVisitors(() => operator.url);

test.beforeAll(async () => {
  operator = await startOperator({ models: [storyModel()] });
});

test.afterAll(async () => {
  await operator.stop();
});

test('the browser finds nothing that keeps the page from being installed', async () => {
  const { page, context } = await visit();
  const session = await context.newCDPSession(page);
  expect(await session.send('Page.getInstallabilityErrors')).toEqual({ installabilityErrors: [] });
  const { errors, data } = await session.send('Page.getAppManifest');
  expect(errors).toEqual([]);
  expect(JSON.parse(data ?? '')).toMatchObject({
    share_target: { action: '/share' },
    file_handlers: [{ action: '/' }],
  });
});

test('a new version waits for the work that runs, and begins after it', async () => {
  const { page } = await visit();
  await contribute(page);
  await page.evaluate(async () => navigator.serviceWorker.ready);
  await page.reload();
  await contribute(page);
  const card = await submitBatch(page, 'long.jsonl', makeBatch(200, storyModelName(), { maxTokens: 48 }), 'device');
  await expect(card).toHaveAttribute('data-state', 'running');
  const before = readFileSync(WORKER, 'utf8');
  try {
    appendFileSync(WORKER, '\n// a later version\n');
    await page.evaluate(async () => (await navigator.serviceWorker.ready).update());
    const note = page.getByTestId('update');
    await expect(note).toHaveAttribute('data-state', 'ready');
    await takePicture(page, 'update-waiting');
    const opened = page.waitForEvent('load');
    await note.getByRole('button', { name: 'After this work' }).click();
    await opened;
    // It was not broken off: every line had its answer before the page opened anew.
    await page.getByRole('link', { name: 'Batch' }).click();
    await expect(page.locator('batch-desk article').first()).toHaveAttribute('data-state', 'done');
    await expect(page.getByTestId('counts')).toContainText('200 of 200');
    await expect(note).toBeHidden();
    expect(await page.evaluate(async () => (await navigator.serviceWorker.ready).waiting)).toBeNull();
  } finally {
    writeFileSync(WORKER, before);
  }
});

test('files that another program shares arrive where they belong, and wait for a click', async () => {
  const { page } = await visit();
  await contribute(page);
  await page.evaluate(async () => navigator.serviceWorker.ready);
  await page.reload();
  // What the system does with a shared file: a form sent to the app's own address, which then opens.
  const share = async (name: string, content: string) => {
    await page.evaluate(
      async ({ name, content }) => {
        const body = new FormData();
        body.append('files', new File([content], name));
        await fetch('/share', { method: 'POST', body, redirect: 'manual' });
      },
      { name, content },
    );
    await page.goto(operator.url);
  };
  await share('shared.jsonl', makeBatch(2, storyModelName(), { maxTokens: 4 }));
  await expect(page.getByText('shared.jsonl has arrived')).toBeVisible();
  await expect(page.locator('batch-desk article')).toHaveCount(0);
  await takePicture(page, 'batch-arrived');
  await page.getByRole('radio', { name: 'This device alone' }).check();
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(page.locator('batch-desk article')).toHaveAttribute('data-state', 'done');
  await share('strange.gguf', 'GGUF but no model of this operator');
  await expect(page.getByRole('alert')).toHaveAttribute('data-code', 'node/unknown-file');
});

test('a model that this computer has as a file is taken from it, byte for byte, without the network', async () => {
  const { page } = await visit();
  const paths: string[] = [];
  page.on('request', (request) => paths.push(new URL(request.url()).pathname));
  await page.getByRole('link', { name: 'Models' }).click();
  const card = page.locator('model-shelf article');
  const input = page.locator('model-shelf input[type=file]');
  const bytes = readFileSync(storyModel());
  const name = basename(storyModel());
  const changed = Buffer.from(bytes);
  changed[bytes.length - 1] = (changed.at(-1) ?? 0) ^ 1;
  await input.setInputFiles({ name, mimeType: 'application/octet-stream', buffer: changed });
  await expect(page.getByRole('alert')).toHaveAttribute('data-code', 'node/unknown-file');
  await expect(card).not.toHaveAttribute('data-state', 'held');
  await input.setInputFiles({ name, mimeType: 'application/octet-stream', buffer: bytes });
  await expect(card).toHaveAttribute('data-state', 'held');
  expect(paths.filter((path) => path.startsWith('/weights'))).toEqual([]);
});
