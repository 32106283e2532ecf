import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, expect, type BrowserContext, type Download, type Locator, type Page } from '@playwright/test';
import { requireChromium, WEBGPU_FLAGS } from './chromium.ts';

/** One person's browser: a process and a profile of its own, so that nothing is shared and it can be killed. */
export interface Visitor {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly errors: readonly string[];
  /** What the browser says of the processor's load; nominal until told otherwise. */
  setPressure(state: 'nominal' | 'fair' | 'serious' | 'critical'): Promise<void>;
  close(): Promise<void>;
  /** Ends the browser's process at once, as a crash or a power cut would. */
  kill(): Promise<void>;
}

export interface VisitorOptions {
  readonly profile?: string;
  readonly viewport?: { width: number; height: number };
  /** Chromium's switches; by default those for software WebGPU. */
  readonly flags?: readonly string[];
  /** The first language that the browser asks for; English by default. */
  readonly locale?: string;
}

export async function openVisitor(url: string, init: VisitorOptions = {}): Promise<Visitor> {
  const profile = init.profile ?? mkdtempSync(join(tmpdir(), 'starling-visitor-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: requireChromium(),
    args: [...(init.flags ?? WEBGPU_FLAGS)],
    viewport: init.viewport ?? { width: 1280, height: 900 },
    locale: init.locale ?? 'en-US',
  });
  const page = context.pages()[0] ?? (await context.newPage());
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  // A software GPU loads the processor itself, so that its node would rest from its own work.
  const pressure = await context.newCDPSession(page);
  await pressure.send('Emulation.setPressureSourceOverrideEnabled', {
    source: 'cpu',
    enabled: true,
    metadata: { available: true },
  });
  const setPressure = async (state: 'nominal' | 'fair' | 'serious' | 'critical') => {
    await pressure.send('Emulation.setPressureStateOverride', { source: 'cpu', state });
  };
  await setPressure('nominal');
  await page.goto(url);
  return {
    page,
    context,
    errors,
    setPressure,
    close: () => context.close(),
    async kill() {
      const session = await context.browser()?.newBrowserCDPSession();
      await session?.send('Browser.crash').catch(() => undefined);
      await context.close().catch(() => undefined);
    },
  };
}

/** Presses Contribute and Start, and waits until this device serves. */
export async function contribute(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Contribute…' }).click();
  // The whole GPU: how a lower share is kept to is a journey of its own.
  await page.getByRole('dialog').getByRole('slider').fill('100');
  await page.getByRole('dialog').getByRole('button', { name: 'Start' }).click();
  await expect(page.getByTestId('phase')).toHaveAttribute('data-phase', 'serving');
}

/** Drops a batch file and returns the job's card. */
export async function submitBatch(page: Page, name: string, content: string, where: 'swarm' | 'device' = 'swarm') {
  await page.getByRole('link', { name: 'Batch' }).click();
  await page.locator(`batch-desk input[value="${where}"]`).check();
  await page.locator('batch-desk input[type=file]').setInputFiles({
    name,
    mimeType: 'application/jsonl',
    buffer: Buffer.from(content),
  });
  return page.locator('batch-desk article', { hasText: name }).first();
}

export async function readDownload(download: Download): Promise<string> {
  let text = '';
  for await (const chunk of await download.createReadStream()) text += String(chunk);
  return text;
}

/** The lines of a finished job's output or error file, as a person downloads it. */
export async function takeFile(page: Page, card: Locator, which: 'results' | 'errors'): Promise<unknown[]> {
  const download = page.waitForEvent('download');
  await card.getByRole('button', { name: `Download ${which}` }).click();
  const text = await readDownload(await download);
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);
}
