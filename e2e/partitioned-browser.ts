import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { chromium } from '@playwright/test';
import { requireChromium, WEBGPU_FLAGS } from './chromium.ts';
import type { Visitor } from './tab.ts';

export type Partitioned = Omit<Visitor, 'setPressure'>;

export interface PartitionedOptions {
  readonly viewport?: { readonly width: number; readonly height: number };
  /** Sites whose frames may use their own storage within other sites. */
  readonly access?: readonly { readonly site: string; readonly within: string }[];
}

const START_MS = 30_000;

/**
 * A browser with Chromium's own defaults. Playwright's switches turn off the partitioning of storage between sites, and
 * what another site's frame may do is then not what people meet: so it is started by hand and driven over CDP.
 */
export async function openPartitioned(
  url: string,
  { viewport = { width: 1280, height: 800 }, access = [] }: PartitionedOptions = {},
): Promise<Partitioned> {
  const profile = mkdtempSync(join(tmpdir(), 'starling-partitioned-'));
  letSeeOwnStorage(profile, access);
  const child = spawn(
    requireChromium(),
    [
      ...WEBGPU_FLAGS,
      '--headless=new',
      '--remote-debugging-port=0',
      `--user-data-dir=${profile}`,
      `--window-size=${viewport.width},${viewport.height}`,
      'about:blank',
    ],
    { stdio: 'ignore' },
  );
  // A command that fails must not leave a browser behind that computes.
  process.once('exit', () => child.kill('SIGKILL'));
  const browser = await chromium.connectOverCDP(`http://127.0.0.1:${await debuggingPort(profile)}`);
  const context = browser.contexts()[0] ?? (await browser.newContext());
  const page = context.pages()[0] ?? (await context.newPage());
  await page.setViewportSize(viewport);
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') errors.push(message.text());
  });
  await page.goto(url);
  const end = async () => {
    await browser.close().catch(() => undefined);
    child.kill('SIGKILL');
  };
  return { page, context, errors, close: end, kill: end };
}

/**
 * As the browser's own question, answered with yes. A permission granted over CDP is not enough: the browser ends the page
 * that then uses it.
 */
function letSeeOwnStorage(profile: string, access: NonNullable<PartitionedOptions['access']>): void {
  const patterns = access.map(({ site, within }) => `${sitePattern(site)},${sitePattern(within)}`);
  const exceptions = Object.fromEntries(patterns.map((pattern) => [pattern, { setting: 1 }]));
  mkdirSync(join(profile, 'Default'));
  const preferences = { profile: { content_settings: { exceptions: { storage_access: exceptions } } } };
  writeFileSync(join(profile, 'Default', 'Preferences'), JSON.stringify(preferences));
}

/** As the browser writes it: a site at any port, with what lies below a name. */
function sitePattern(origin: string): string {
  const { protocol, hostname } = new URL(origin);
  return `${protocol}//${/^[\d.]+$/.test(hostname) ? hostname : `[*.]${hostname}`}`;
}

async function debuggingPort(profile: string): Promise<string> {
  const file = join(profile, 'DevToolsActivePort');
  for (let waitedMs = 0; waitedMs < START_MS; waitedMs += 50) {
    const port = existsSync(file) ? readFileSync(file, 'utf8').split('\n')[0] : undefined;
    if (port) return port;
    await wait(50);
  }
  throw new Error(`Chromium said no debugging port within ${START_MS} ms`);
}
