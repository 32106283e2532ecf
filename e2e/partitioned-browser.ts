import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { chromium } from '@playwright/test';
import { requireChromium, WEBGPU_FLAGS } from './chromium.ts';
import type { Visitor } from './tab.ts';

export type Partitioned = Omit<Visitor, 'setPressure'>;

interface SiteWithin {
  readonly site: string;
  readonly within: string;
}

export interface PartitionedOptions {
  readonly viewport?: { readonly width: number; readonly height: number };
  /** Sites whose frames may use their own storage within other sites. */
  readonly access?: readonly SiteWithin[];
  /** Sites whose frames may keep nothing within other sites. */
  readonly blocked?: readonly SiteWithin[];
}

const START_MS = 30_000;

/**
 * A browser with Chromium's own defaults. Playwright's switches turn off the partitioning of storage between sites, and
 * what another site's frame may do is then not what people meet: so it is started by hand and driven over CDP.
 */
export async function openPartitioned(
  url: string,
  { viewport = { width: 1280, height: 800 }, access = [], blocked = [] }: PartitionedOptions = {},
): Promise<Partitioned> {
  const profile = mkdtempSync(join(tmpdir(), 'starling-partitioned-'));
  writeChoices(profile, { storage_access: [access, ALLOW], cookies: [blocked, BLOCK] });
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
  const kill = () => void child.kill('SIGKILL');
  process.once('exit', kill);
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
    process.off('exit', kill);
    kill();
  };
  return { page, context, errors, close: end, kill: end };
}

/** How the browser writes a person's choice for a site. */
const [ALLOW, BLOCK] = [1, 2];

/**
 * As a person's own choices in the browser's settings and questions. A permission granted over CDP is not enough: the
 * browser ends the page that then uses it.
 */
function writeChoices(
  profile: string,
  choices: Readonly<Record<string, readonly [sites: readonly SiteWithin[], setting: number]>>,
): void {
  const exceptions = Object.fromEntries(
    Object.entries(choices).map(([kind, [sites, setting]]) => {
      const patterns = sites.map(({ site, within }) => `${sitePattern(site)},${sitePattern(within)}`);
      return [kind, Object.fromEntries(patterns.map((pattern) => [pattern, { setting }]))];
    }),
  );
  mkdirSync(join(profile, 'Default'));
  const preferences = { profile: { content_settings: { exceptions } } };
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
