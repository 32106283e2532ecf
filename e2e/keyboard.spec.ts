import { expect, test, type Page } from '@playwright/test';
import { makeBatch } from './make-batch.ts';
import { startOperator, storyModel, storyModelName } from './operator.ts';
import { openVisitor, readDownload } from './tab.ts';

const MOST_STOPS = 60;

/** Presses Tab until what has the focus is called this, as somebody without a mouse would. */
async function tabTo(page: Page, name: RegExp): Promise<void> {
  const focused = () =>
    page.evaluate(() => {
      let element = document.activeElement;
      while (element?.shadowRoot?.activeElement) element = element.shadowRoot.activeElement;
      return element?.getAttribute('aria-label') ?? element?.textContent?.trim() ?? '';
    });
  const passed: string[] = [];
  for (let stop = 0; stop < MOST_STOPS; stop++) {
    await page.keyboard.press('Tab');
    const label = await focused();
    if (name.test(label)) return;
    passed.push(label);
  }
  throw new Error(`no stop of the Tab key is called ${name}: ${passed.join(', ')}`);
}

test('contribute, batch and results without a mouse', async () => {
  const operator = await startOperator({ models: [storyModel()] });
  const visitor = await openVisitor(operator.url);
  try {
    const { page } = visitor;
    // Waited for from the beginning: the browser must know of it before the key is pressed.
    const choosing = page.waitForEvent('filechooser');
    await expect(page.getByRole('button', { name: 'Contribute…' })).toBeEnabled();
    await tabTo(page, /^Contribute…$/);
    await page.keyboard.press('Enter');
    await expect(page.getByRole('dialog')).toBeVisible();
    await tabTo(page, /^Start$/);
    await page.keyboard.press('Enter');
    await expect(page.getByTestId('phase')).toHaveAttribute('data-phase', 'serving');

    await tabTo(page, /^Batch$/);
    await page.keyboard.press('Enter');
    await tabTo(page, /^Choose a file$/);
    await page.keyboard.press('Enter');
    const batch = makeBatch(3, storyModelName(), { maxTokens: 4 });
    await (await choosing).setFiles({ name: 'keys.jsonl', mimeType: 'application/jsonl', buffer: Buffer.from(batch) });
    await expect(page.locator('batch-desk article')).toHaveAttribute('data-state', 'done');

    await tabTo(page, /^Download results$/);
    const downloading = page.waitForEvent('download');
    await page.keyboard.press('Enter');
    expect((await readDownload(await downloading)).trim().split('\n')).toHaveLength(3);

    await tabTo(page, /^Stop$/);
    await page.keyboard.press('Enter');
    await expect(page.getByTestId('phase')).toHaveAttribute('data-phase', 'off');
  } finally {
    await visitor.close();
    await operator.stop();
  }
});
