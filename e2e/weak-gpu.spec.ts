import { basename } from 'node:path';
import { expect, test, type BrowserContext } from '@playwright/test';
import { expectAccessible } from './accessible.ts';
import { makeBatch } from './make-batch.ts';
import { startOperator, type Operator } from './operator.ts';
import { takePicture } from './picture.ts';
import { submitBatch } from './tab.ts';
import { useVisitors } from './visitors.ts';

const LARGE = 'e2e/fixtures/llama-Q4_K_M.gguf';
const SMALL = 'public/models/starling-builtin.gguf';
let operator: Operator;
const visit = useVisitors(() => operator.url);

test.beforeAll(async () => {
  operator = await startOperator({ models: [LARGE, SMALL] });
});
test.afterAll(() => operator.stop());

/**
 * No switch makes this browser's GPU smaller: what it answers in the worker that computes is replaced, as if no buffer of
 * it could hold more.
 */
async function weaken(context: BrowserContext, maxBufferSize: number): Promise<void> {
  const answer = `
    for (const { prototype } of [GPUAdapter, GPUDevice]) {
      const { get } = Object.getOwnPropertyDescriptor(prototype, 'limits');
      const limits = (real) => new Proxy(real, { get: (_, name) => name === 'maxBufferSize' ? ${maxBufferSize} : real[name] });
      Object.defineProperty(prototype, 'limits', { get() { return limits(get.call(this)); } });
    }`;
  await context.route('**/engine.worker-*.js', async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: `${answer}\n${await response.text()}` });
  });
}

test('a GPU too weak for a model says so and shares a smaller one by one click', async () => {
  const { page, context } = await visit();
  await weaken(context, 1_100_000);
  await page.getByRole('button', { name: 'Contribute…' }).click();
  await page
    .getByRole('dialog')
    .getByLabel('Model')
    .selectOption({ label: basename(LARGE) });
  await page.getByRole('dialog').getByRole('button', { name: 'Start' }).click();
  const alert = page.getByRole('alert');
  await expect(alert).toHaveAttribute('data-code', 'gpu/limits-too-low');
  await expect(alert).toContainText('This GPU allows too little memory at once for this model. Try a smaller model.');
  await takePicture(page, 'weak-gpu');
  await expectAccessible(page);
  await page.getByRole('button', { name: `Share ${basename(SMALL)} instead` }).click();
  await expect(page.getByTestId('phase')).toHaveAttribute('data-phase', 'serving');
  await expect(page.getByRole('alert')).toHaveCount(0);
  const card = await submitBatch(
    page,
    'small.jsonl',
    makeBatch(2, basename(SMALL, '.gguf'), { maxTokens: 4 }),
    'device',
  );
  await expect(card).toHaveAttribute('data-state', 'done');
});
