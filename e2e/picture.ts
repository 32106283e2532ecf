import { mkdirSync } from 'node:fs';
import type { Page } from '@playwright/test';

/** Where pictures go: into the documents when they are to be renewed (`PICTURES=docs`), else beside the results. */
const FOLDER = process.env['PICTURES'] === 'docs' ? 'docs/pictures' : 'test-results/pictures';

/** Takes a picture of the whole page for the documents. */
export async function takePicture(page: Page, name: string): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  await page.screenshot({ path: `${FOLDER}/${name}.png` });
}
