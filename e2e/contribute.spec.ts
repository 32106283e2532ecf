import { expect, test } from '@playwright/test';
import { expectAccessible } from './accessible.ts';
import { countStarts } from './count-starts.ts';
import { makeBatch } from './make-batch.ts';
import { startOperator, storyModel, storyModelName, type Operator } from './operator.ts';
import { takePicture } from './picture.ts';
import { contribute, readDownload, submitBatch, takeFile } from './tab.ts';
import { useVisitors } from './visitors.ts';

let operator: Operator;
const visit = useVisitors(() => operator.url);

test.beforeAll(async () => {
  operator = await startOperator({ models: [storyModel()] });
});

test.afterAll(async () => {
  await operator.stop();
});

test('nothing is downloaded, stored, computed or registered before a click', async () => {
  const { page, errors } = await visit();
  const requests: string[] = [];
  const sockets: string[] = [];
  page.on('request', (request) => requests.push(new URL(request.url()).pathname));
  page.on('websocket', (socket) => sockets.push(socket.url()));
  await countStarts(page);
  await page.reload();
  await expect(page.getByRole('button', { name: 'Contribute…' })).toBeEnabled();
  await page.getByRole('button', { name: 'Contribute…' }).click();
  await expect(page.getByRole('dialog')).toBeVisible();
  await takePicture(page, 'consent');
  await expectAccessible(page);
  await page.getByRole('button', { name: 'Not now' }).click();
  for (const section of ['Models', 'Batch', 'Chat', 'Studio', 'Activity', 'Settings', 'Contribute']) {
    await page.getByRole('link', { name: section }).click();
  }
  expect(requests.filter((path) => /weights|torrents|manifests|announce|worker/.test(path))).toEqual([]);
  expect(sockets).toEqual([]);
  expect(await page.evaluate(() => (window as never as { counts: unknown }).counts)).toEqual({
    adapters: 0,
    workers: 0,
    connections: 0,
  });
  expect(await page.evaluate(async () => (await indexedDB.databases()).length)).toBe(0);
  expect(errors).toEqual([]);
});

test('one click makes this device a serving node; pause, resume and stop work; every state is accessible', async () => {
  const { page, errors } = await visit();
  await expect(page.getByRole('button', { name: 'Contribute…' })).toBeEnabled();
  await takePicture(page, 'home');
  await expectAccessible(page);
  await contribute(page);
  await expectAccessible(page);
  await takePicture(page, 'serving');
  for (const section of ['Models', 'Batch', 'Chat', 'Activity']) {
    await page.getByRole('link', { name: section }).click();
    await expectAccessible(page);
    await takePicture(page, section.toLowerCase());
  }
  await page.getByRole('button', { name: 'Pause', exact: true }).click();
  await expect(page.getByTestId('phase')).toHaveAttribute('data-phase', 'paused');
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(page.getByTestId('phase')).toHaveAttribute('data-phase', 'serving');
  await page.getByRole('button', { name: 'Pause for an hour' }).click();
  await expect(page.getByText(/^until \d\d:\d\d$/)).toBeVisible();
  await page.getByRole('button', { name: 'Resume' }).click();
  await expect(page.getByText(/^until/)).toBeHidden();
  await page.getByRole('button', { name: 'Stop' }).click();
  await expect(page.getByTestId('phase')).toHaveAttribute('data-phase', 'off');
  expect(errors).toEqual([]);
});

test('a person chats with the model on this device', async () => {
  const { page } = await visit();
  await page.getByRole('link', { name: 'Chat' }).click();
  await page.getByLabel('Your message').fill('Once upon a time');
  await page.getByRole('button', { name: 'Send' }).click();
  const answer = page.locator('chat-box li[data-role=assistant]');
  await expect(answer).not.toHaveText('…');
  await expect(page.getByRole('button', { name: 'Send' })).toBeVisible();
  await takePicture(page, 'chat-answer');
  expect((await answer.textContent())?.length).toBeGreaterThan(0);
  // What it did is noted on this device, within ten seconds, for the eye and as a table.
  await page.getByRole('link', { name: 'Activity' }).click();
  const lines = page.getByTestId('history').locator('tbody tr');
  await page.getByText('The same as a table').click();
  await expect(lines.first().locator('td').nth(1)).not.toHaveText('0');
  await expect(page.getByTestId('energy')).toContainText('Wh');
  await expect(page.locator('span-plot canvas').first()).toBeVisible();
  await expectAccessible(page);
  await takePicture(page, 'history');
});

test('a question goes to others as it is set, and has the answer that this device gives', async () => {
  const [asking, helper] = [await visit(), await visit()];
  const { page, errors } = asking;
  await page.getByRole('link', { name: 'Chat' }).click();
  await page.getByLabel('People who share this model').check();
  await expect(page.getByText('can read what you write')).toBeVisible();
  await page.getByText('How it is asked').click();
  await page.getByLabel('What to do').selectOption('Go on with the text');
  await page.getByLabel('Temperature').fill('0');
  await page.getByLabel('Longest answer').fill('16');
  await expectAccessible(page);
  const send = async () => {
    await page.getByLabel('Your message').fill('Once upon a time');
    await page.getByRole('button', { name: 'Send' }).click();
  };
  await send();
  await expect(page.getByText('Waiting for somebody')).toBeVisible();
  await contribute(helper.page);
  const answers = page.locator('chat-box li[data-role=assistant]');
  await expect(answers.first()).toContainText(/By ….{6}, in/);
  await takePicture(page, 'chat-others');
  // Nothing of it is left among the batches.
  await page.getByLabel('This device').check();
  await send();
  await expect(answers.nth(1)).toContainText('By this device, in');
  const texts = (await answers.allTextContents()).map((text) => text.replace(/By [^]*$/, '').trim());
  expect(texts[0]?.length).toBeGreaterThan(8);
  expect(texts[1]).toBe(texts[0]);
  // One that nobody can answer is taken back by its person.
  await helper.close();
  await page.getByLabel('People who share this model').check();
  await send();
  await page.getByRole('button', { name: 'Stop' }).last().click();
  await expect(page.getByRole('button', { name: 'Send' })).toBeVisible();
  await page.getByRole('link', { name: 'Batch' }).click();
  await expect(page.locator('batch-desk article')).toHaveCount(0);
  expect(errors).toEqual([]);
});

test('a batch runs on this device alone, and its card fits a phone', async () => {
  const { page } = await visit({ viewport: { width: 320, height: 640 } });
  const card = await submitBatch(page, 'small.jsonl', makeBatch(8, storyModelName()), 'device');
  await expect(card).toHaveAttribute('data-state', 'done');
  await expect(card.getByTestId('counts')).toContainText('8 of 8');
  await expectAccessible(page);
  await takePicture(page, 'phone-batch');
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(320);
});

test('every tab of a browser shows and uses the one node', async () => {
  const { page, context } = await visit();
  const early = await context.newPage();
  await early.goto(operator.url);
  await contribute(page);
  // A tab that was open before notices; one that is opened later finds it.
  await expect(early.getByTestId('phase')).toHaveAttribute('data-phase', 'serving');
  const second = await context.newPage();
  await second.goto(operator.url);
  await expect(second.getByTestId('phase')).toHaveAttribute('data-phase', 'serving');
  await expect(second.getByTestId('other-tab')).toBeVisible();
  await takePicture(second, 'second-tab');
  // Its own engine and network sleep: no dedicated worker runs in it.
  expect(second.workers()).toHaveLength(0);

  await second.getByRole('link', { name: 'Chat' }).click();
  await second.getByLabel('Your message').fill('Once upon a time');
  await second.getByRole('button', { name: 'Send' }).click();
  const answer = second.locator('chat-box li[data-role=assistant]');
  await expect(answer).not.toHaveText('…');
  await expect(second.getByRole('button', { name: 'Send' })).toBeVisible();
  expect((await answer.textContent())?.length).toBeGreaterThan(0);

  const card = await submitBatch(second, 'small.jsonl', makeBatch(4, storyModelName()), 'device');
  await expect(card).toHaveAttribute('data-state', 'done');
  expect(await takeFile(second, card, 'results')).toHaveLength(4);

  await second.getByRole('button', { name: 'Pause', exact: true }).click();
  await expect(page.getByTestId('phase')).toHaveAttribute('data-phase', 'paused');
  await page.close();
  await expect(second.getByTestId('phase')).toHaveAttribute('data-phase', 'off');
  await second.getByRole('link', { name: 'Contribute', exact: true }).click();
  await contribute(second);
  await expect(second.getByTestId('other-tab')).toBeHidden();
  await expect(early.getByTestId('other-tab')).toBeVisible();
});

test('where tabs cannot be joined, a second tab says so, and may take over', async () => {
  const { page, context } = await visit();
  await context.addInitScript(() => Reflect.deleteProperty(globalThis, 'SharedWorker'));
  await page.reload();
  await contribute(page);
  const second = await context.newPage();
  await second.goto(operator.url);
  await second.getByRole('button', { name: 'Contribute…' }).click();
  await second.getByRole('dialog').getByRole('button', { name: 'Start' }).click();
  await expect(second.getByTestId('phase')).toHaveAttribute('data-phase', 'elsewhere');
  await second.getByRole('button', { name: 'Run it in this tab instead' }).click();
  await expect(second.getByTestId('phase')).toHaveAttribute('data-phase', 'serving');
  await expect(page.getByTestId('phase')).not.toHaveAttribute('data-phase', 'serving');
});

test('the shell opens offline, and a held model still answers', async () => {
  const { page, context } = await visit();
  await contribute(page);
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.evaluate(async () => navigator.serviceWorker.ready);
  await context.setOffline(true);
  await page.reload();
  await expect(page.getByRole('alert')).toHaveAttribute('data-code', 'node/offline');
  await takePicture(page, 'offline');
  await page.getByRole('link', { name: 'Chat' }).click();
  await page.getByLabel('Your message').fill('Once upon a time');
  await page.getByRole('button', { name: 'Send' }).click();
  await expect(page.locator('chat-box li[data-role=assistant]')).not.toHaveText('…');
  await expect(page.getByRole('button', { name: 'Send' })).toBeVisible();
  await context.setOffline(false);
});

test('a model is deleted by hand', async () => {
  const { page } = await visit();
  await page.getByRole('link', { name: 'Models' }).click();
  const card = page.locator('model-shelf article');
  await card.getByRole('button', { name: 'Download' }).click();
  await expect(card).toHaveAttribute('data-state', 'held');
  await expect(card.getByTestId('sources')).toBeVisible();
  await card.getByRole('button', { name: 'Delete' }).click();
  await card.getByRole('button', { name: 'Delete', exact: true }).click();
  await expect(card).toHaveAttribute('data-state', 'absent');
});

test('anyone can measure the GPU, and save what was found', async () => {
  const { page } = await visit();
  await page.goto(new URL('/bench', operator.url).href);
  await expect(page.getByRole('heading', { name: 'Measure this GPU' })).toBeVisible();
  await page.getByRole('button', { name: 'Measure', exact: true }).click();
  await expect(page.getByTestId('bench').locator('tbody tr')).toHaveCount(8);
  const download = page.waitForEvent('download');
  await page.getByRole('button', { name: 'Save as file' }).click();
  const saved = JSON.parse(await readDownload(await download)) as { rows: { tokensPerSecond: number }[] };
  expect(saved.rows).toHaveLength(8);
  for (const { tokensPerSecond } of saved.rows) expect(tokensPerSecond).toBeGreaterThan(0);
  await expectAccessible(page);
  await takePicture(page, 'bench');
});

test('a processor under pressure gets rest from strangers, not from its own person', async () => {
  const { page, setPressure } = await visit();
  await contribute(page);
  const duty = page.getByTestId('duty');
  await expect(duty).toHaveAttribute('data-cause', 'person');
  await setPressure('serious');
  await expect(duty).toContainText('Using up to 30 % of the GPU.');
  await setPressure('critical');
  await expect(duty).toContainText('Using up to 0 % of the GPU.');
  const card = await submitBatch(page, 'own.jsonl', makeBatch(4, storyModelName(), { maxTokens: 8 }));
  await expect(card).toHaveAttribute('data-state', 'done');
  await page.getByRole('link', { name: 'Contribute' }).click();
  await expect(duty).toContainText('Using up to 0 % of the GPU.');
  await setPressure('nominal');
  await expect(duty).toContainText('It rises again by and by.');
});

test('when a day’s data is used up nothing more moves, and more can be allowed', async () => {
  const { page } = await visit();
  await contribute(page);
  const duty = page.getByTestId('duty');
  const data = page.getByRole('spinbutton', { name: 'Data a day, in megabytes' });
  const today = { day: new Date().toDateString(), bytes: 3_000_000 };
  await page.evaluate((day) => localStorage.setItem('starling-data-today', JSON.stringify(day)), today);
  await data.fill('3');
  await data.blur();
  await expect(duty).toHaveAttribute('data-cause', 'person');
  await page.reload();
  await contribute(page);
  await expect(duty).toHaveAttribute('data-cause', 'data-cap');
  await expect(duty).toContainText('Using up to 0 % of the GPU. Resting: today’s data is used up.');
  await takePicture(page, 'data-cap');
  await data.fill('');
  await data.blur();
  await expect(duty).toHaveAttribute('data-cause', 'person');
});

test('what a person allows is kept to, said in words, and remembered', async () => {
  const { page } = await visit();
  await contribute(page);
  const duty = page.getByTestId('duty');
  await expect(duty).toHaveText('Using up to 100 % of the GPU.');
  await page.getByRole('slider').fill('35');
  await expect(duty).toHaveText('Using up to 35 % of the GPU.');
  await page.getByRole('combobox', { name: 'When' }).selectOption('hours');
  const hour = new Date().getHours();
  await page.getByRole('spinbutton', { name: 'From' }).fill(String((hour + 2) % 24));
  await page.getByRole('spinbutton', { name: 'From' }).blur();
  await page.getByRole('spinbutton', { name: 'to' }).fill(String((hour + 3) % 24));
  await page.getByRole('spinbutton', { name: 'to' }).blur();
  await expect(duty).toHaveAttribute('data-cause', 'schedule');
  await takePicture(page, 'limits');
  await expect(duty).toContainText('Using up to 0 % of the GPU. Resting until your hours begin.');
  await expectAccessible(page);
  await page.reload();
  await page.getByRole('button', { name: 'Contribute…' }).click();
  await expect(page.getByRole('dialog').getByRole('slider')).toHaveValue('35');
  await expect(page.getByRole('dialog').getByLabel('When')).toHaveValue('hours');
});
