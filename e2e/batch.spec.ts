import { expect, test, type Locator, type Page } from '@playwright/test';
import { ADAPTED, makeBatch } from './make-batch.ts';
import { startOperator, storyModel, storyModelName, type Operator } from './operator.ts';
import { takePicture } from './picture.ts';
import { writeStoryAdapter } from './story-adapter.ts';
import { contribute, submitBatch, takeFile } from './tab.ts';
import { useVisitors } from './visitors.ts';

const RECORDS = 200;
let operator: Operator;
const visit = useVisitors(() => operator.url);

test.beforeEach(async () => {
  operator = await startOperator({ models: [storyModel(), await writeStoryAdapter(storyModel(), 'dialect')] });
});

test.afterEach(async () => {
  await operator.stop();
});

interface OutputLine {
  custom_id: string;
  response: {
    status_code: number;
    body: { choices: { text: string; finish_reason: string }[]; usage: { completion_tokens: number } };
  };
}

function answersOf(lines: readonly unknown[]) {
  return (lines as OutputLine[]).map(({ custom_id, response }) => [
    custom_id,
    response.body.choices[0]?.text,
    response.body.choices[0]?.finish_reason,
    response.body.usage.completion_tokens,
  ]);
}

async function done(card: Locator): Promise<void> {
  await expect(card).toHaveAttribute('data-state', 'done', { timeout: 200_000 });
}

const expectedIds = Array.from({ length: RECORDS }, (_, i) => `story-${i}`);

for (const [kind, sampling] of [
  ['at temperature 0', { temperature: 0 }],
  ['with a seed, some of it as an adapter answers', { temperature: 0.9, seed: 7, adapter: 'dialect' }],
] as const) {
  test(`a batch ${kind} is answered by two strangers, byte for byte as it would be alone`, async () => {
    const [first, second, requester] = [await visit(), await visit(), await visit()];
    await contribute(first.page);
    await contribute(second.page);
    const batch = makeBatch(RECORDS, storyModelName(), sampling);
    const card = await submitBatch(requester.page, 'stories.jsonl', batch);
    await done(card);
    await takePicture(requester.page, 'batch-done');
    const map = first.page.getByRole('img', { name: 'A picture of this device' });
    await map.scrollIntoViewIfNeeded();
    await expect(map).toHaveAccessibleName('A picture of this device and 2 others; 1 of them computing.');
    await takePicture(first.page, 'serving-others');
    const remote = answersOf(await takeFile(requester.page, card, 'results'));
    expect(remote.map(([id]) => id)).toEqual(expectedIds);

    const counts = await card.getByTestId('by-peer').textContent();
    const shares = [...(counts ?? '').matchAll(/(\d+)\s*(?:·|$)/g)].map(([, share]) => Number(share));
    expect(shares).toHaveLength(2);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBe(RECORDS);
    expect(Math.max(...shares)).toBeLessThan(RECORDS);

    const alone = await submitBatch(requester.page, 'alone.jsonl', batch, 'device');
    await done(alone);
    expect(answersOf(await takeFile(requester.page, alone, 'results'))).toEqual(remote);
    if ('adapter' in sampling) await expectAdapted(requester.page, batch, remote);
  });
}

/** The adapter changes the lines that name it, and those alone. */
async function expectAdapted(page: Page, batch: string, answers: readonly unknown[]): Promise<void> {
  const lines = batch
    .split('\n')
    .slice(0, 2 * ADAPTED)
    .join('\n');
  const plain = await submitBatch(page, 'plain.jsonl', lines.replaceAll(',"adapter":"dialect"', ''), 'device');
  await done(plain);
  const without = answersOf(await takeFile(page, plain, 'results'));
  expect(without.slice(ADAPTED)).toEqual(answers.slice(ADAPTED, 2 * ADAPTED));
  const changed = without
    .slice(0, ADAPTED)
    .filter((answer, i) => JSON.stringify(answer) !== JSON.stringify(answers[i]));
  expect(changed.length).toBeGreaterThan(ADAPTED / 2);
}

/** Two providers, and a requester whose batch has just been taken in. */
async function beginBatch() {
  const [first, second, requester] = [await visit(), await visit(), await visit()];
  await contribute(first.page);
  await contribute(second.page);
  const batch = makeBatch(RECORDS, storyModelName(), { maxTokens: 24 });
  return { first, requester, card: await submitBatch(requester.page, 'stories.jsonl', batch) };
}

/** Waits for the end: every record exactly once, in input order. */
async function expectEveryAnswer(card: Locator): Promise<void> {
  await done(card);
  const lines = answersOf(await takeFile(card.page(), card, 'results'));
  expect(lines.map(([id]) => id)).toEqual(expectedIds);
}

test('a provider’s process is killed in mid-fragment: nothing is lost or doubled, and re-issues are counted', async () => {
  const { first, card } = await beginBatch();
  await expect(first.page.getByTestId('records')).not.toHaveText('0');
  await first.kill();
  await expectEveryAnswer(card);
  await expect(card.getByTestId('counts')).toContainText(/[1-9]\d* asked again/);
});

test('the relay restarts in mid-job: nothing is lost or doubled', async () => {
  const { first, card } = await beginBatch();
  await expect(first.page.getByTestId('records')).not.toHaveText('0');
  await operator.restart();
  await expectEveryAnswer(card);
});

test('the requester reloads in mid-job: the job goes on, nothing is lost or doubled', async () => {
  const { requester, card } = await beginBatch();
  await expect(card.getByTestId('counts')).not.toContainText(/^\s*0 of/);
  await requester.page.reload();
  const resumed = requester.page.locator('batch-desk article', { hasText: 'stories.jsonl' });
  await resumed.getByRole('button', { name: 'Go on' }).click();
  await expectEveryAnswer(resumed);
});
