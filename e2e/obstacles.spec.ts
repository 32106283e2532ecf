import { expect, test, type Page } from '@playwright/test';
import { makeBatch } from './make-batch.ts';
import { startOperator, storyModel, storyModelName, type Operator } from './operator.ts';
import { takePicture } from './picture.ts';
import { contribute, submitBatch, takeFile } from './tab.ts';
import { useVisitors } from './visitors.ts';

let operator: Operator;
const visit = useVisitors(() => operator.url);

test.beforeEach(async () => {
  operator = await startOperator({ models: [storyModel()] });
});

test.afterEach(async () => {
  await operator.stop();
});

async function pressStart(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Contribute…' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Start' }).click();
}

test('a browser without a usable GPU says so by name before it downloads, and may still ask others', async () => {
  const [weak, helper] = [await visit({ flags: ['--no-sandbox'] }), await visit()];
  const requests: string[] = [];
  weak.page.on('request', (request) => requests.push(new URL(request.url()).pathname));
  await pressStart(weak.page);
  const alert = weak.page.getByRole('alert');
  await expect(alert).toHaveAttribute('data-code', /gpu\/no-(adapter|webgpu)/);
  await expect(alert).toContainText('You can still send batches');
  await takePicture(weak.page, 'no-gpu');
  expect(requests.filter((path) => path.startsWith('/weights'))).toEqual([]);
  await contribute(helper.page);
  const card = await submitBatch(weak.page, 'asked.jsonl', makeBatch(4, storyModelName(), { maxTokens: 4 }));
  await expect(card).toHaveAttribute('data-state', 'done');
  await expect(card.getByTestId('counts')).toContainText('4 of 4');
});

test('a disk without room is said in numbers, and nothing is half done', async () => {
  const { page, context } = await visit();
  const session = await context.newCDPSession(page);
  await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(operator.url).origin, quotaSize: 400_000 });
  await pressStart(page);
  await expect(page.getByRole('alert')).toHaveAttribute('data-code', 'weights/quota-exceeded');
  await takePicture(page, 'quota');
  await expect(page.getByTestId('phase')).toHaveAttribute('data-phase', 'off');
  await session.send('Storage.overrideQuotaForOrigin', { origin: new URL(operator.url).origin });
  await contribute(page);
});

test('a batch waits while nobody serves, says so, and goes on when somebody comes', async () => {
  const [asking, late] = [await visit(), await visit()];
  const card = await submitBatch(asking.page, 'early.jsonl', makeBatch(4, storyModelName(), { maxTokens: 4 }));
  await expect(card).toHaveAttribute('data-state', 'waiting');
  await takePicture(asking.page, 'batch-waiting');
  await contribute(late.page);
  await expect(card).toHaveAttribute('data-state', 'done');
  await expect(card.getByTestId('counts')).toContainText('4 of 4');
});

test('bad lines become named errors, one for each, and the good ones are answered', async () => {
  const { page } = await visit();
  await contribute(page);
  const good = makeBatch(2, storyModelName(), { maxTokens: 4 }).trim();
  const line = (id: string, body: object) =>
    JSON.stringify({
      custom_id: id,
      method: 'POST',
      url: '/v1/completions',
      body: { model: storyModelName(), ...body },
    });
  const file = [
    good,
    'this is not JSON',
    line('story-0', { prompt: 'doubled id' }),
    JSON.stringify({ method: 'POST', url: '/v1/completions', body: {} }),
    line('model', { model: 'unknown', prompt: 'x' }),
    line('long', { prompt: 'word '.repeat(2000) }),
    line('zero', { prompt: 'x', max_tokens: 0 }),
    line('huge', { prompt: 'x', max_tokens: 1e9 }),
    JSON.stringify({
      custom_id: 'url',
      method: 'POST',
      url: '/v1/images',
      body: { model: storyModelName(), prompt: 'x' },
    }),
  ].join('\n');
  const card = await submitBatch(page, 'mixed.jsonl', file);
  await expect(card).toHaveAttribute('data-state', 'done');
  await takePicture(page, 'batch-errors');
  expect(await takeFile(page, card, 'results')).toHaveLength(2);
  const errors = (await takeFile(page, card, 'errors')) as { custom_id: string | null; error: { code: string } }[];
  expect(errors).toHaveLength(8);
  for (const { error } of errors) expect(error.code).toMatch(/^[a-z_-]+$/);
  expect(new Set(errors.map(({ error }) => error.code)).size).toBeGreaterThanOrEqual(6);
});

test('an empty file is refused by name', async () => {
  const { page } = await visit();
  await page.getByRole('link', { name: 'Batch' }).click();
  await page
    .locator('batch-desk input[type=file]')
    .setInputFiles({ name: 'empty.jsonl', mimeType: 'text/plain', buffer: Buffer.from('') });
  await expect(page.getByRole('alert')).toHaveAttribute('data-code', 'work/empty-batch');
});

test('pause hands the work back, and another peer finishes the batch', async () => {
  const [first, second, asking] = [await visit(), await visit(), await visit()];
  await contribute(first.page);
  await contribute(second.page);
  const card = await submitBatch(asking.page, 'shared.jsonl', makeBatch(60, storyModelName(), { maxTokens: 24 }));
  await expect(first.page.getByTestId('records')).not.toHaveText('0');
  await first.page.getByRole('button', { name: 'Pause', exact: true }).click();
  await expect(first.page.getByTestId('phase')).toHaveAttribute('data-phase', 'paused');
  await expect(card).toHaveAttribute('data-state', 'done');
  await expect(card.getByTestId('counts')).toContainText('60 of 60');
});

test('the GPU is lost in mid-batch: it comes back by itself and every record is answered', async () => {
  const { page, context } = await visit();
  await contribute(page);
  const card = await submitBatch(page, 'lost.jsonl', makeBatch(60, storyModelName(), { maxTokens: 24 }));
  await expect(card.getByTestId('counts')).not.toContainText(/^\s*0 of/);
  const session = await context.browser()?.newBrowserCDPSession();
  await session?.send('Browser.crashGpuProcess');
  await expect(card).toHaveAttribute('data-state', 'done');
  await expect(card.getByTestId('counts')).toContainText('60 of 60');
  await page.getByRole('link', { name: 'Activity' }).click();
  await expect(page.locator('event-log')).toContainText('the engine opens it again');
  await takePicture(page, 'device-lost');
});

test('a device on battery rests and says so; a GPU that is software says that it is', async () => {
  const { page } = await visit();
  // No desktop here has a battery: the browser's own answer is replaced by one of a laptop that is unplugged.
  await page.addInitScript(() => {
    const battery = Object.assign(new EventTarget(), { level: 0.8, charging: false });
    Object.assign(navigator, { getBattery: () => Promise.resolve(battery) });
  });
  await page.reload();
  await pressStart(page);
  const duty = page.getByTestId('duty');
  await expect(duty).toHaveAttribute('data-cause', 'battery');
  await expect(duty).toContainText('Held down because this device runs on battery.');
  await expect(page.getByTestId('software')).toBeVisible();
  await takePicture(page, 'battery');
  await page.getByRole('combobox', { name: 'When' }).selectOption('always');
  await expect(duty).not.toContainText('Using up to 0 %');
});

test('the meeting point is lost: the device says so and goes on', async () => {
  const { page } = await visit();
  await contribute(page);
  await operator.stop();
  await expect(page.getByText('The meeting point does not answer')).toBeVisible();
  await takePicture(page, 'relay-lost');
  const card = await submitBatch(page, 'own.jsonl', makeBatch(2, storyModelName(), { maxTokens: 4 }), 'device');
  await expect(card).toHaveAttribute('data-state', 'done');
});
