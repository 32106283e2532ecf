/**
 * Lighthouse over the built page on loopback: `npm run bench:lighthouse`. It is fetched by `npx` at a fixed version, for
 * it is two hundred packages that nothing else here needs. A machine at work shows in the score of performance.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireChromium } from '../chromium.ts';
import { startOperator, storyModel } from '../operator.ts';

/** The last that runs on Node 20. */
const LIGHTHOUSE = 'lighthouse@12.8.2';
const WANTED = 95;

interface Report {
  readonly categories: Readonly<Record<string, { readonly title: string; readonly score: number | null }>>;
  readonly audits: Readonly<Record<string, { readonly title: string; readonly score: number | null }>>;
}

const operator = await startOperator({ models: [storyModel()] });
const path = join(mkdtempSync(join(tmpdir(), 'starling-lighthouse-')), 'report.json');
const { status } = spawnSync(
  'npx',
  [
    '--yes',
    LIGHTHOUSE,
    operator.url,
    '--quiet',
    '--output=json',
    `--output-path=${path}`,
    '--only-categories=performance,accessibility,best-practices',
    '--chrome-flags=--headless=new --no-sandbox --disable-background-networking',
  ],
  { stdio: 'inherit', env: { ...process.env, CHROME_PATH: requireChromium(), npm_config_ignore_scripts: 'true' } },
);
await operator.stop();
if (status !== 0) throw new Error(`Lighthouse ended with ${status}: see above`);
const { categories, audits } = JSON.parse(readFileSync(path, 'utf8')) as Report;
for (const { title, score } of Object.values(categories)) console.log(`${title}: ${Math.round(100 * (score ?? 0))}`);
for (const { title, score } of Object.values(audits)) {
  if (score !== null && score < 0.9) console.log(`  ${score}: ${title}`);
}
const lowest = Math.min(...Object.values(categories).map(({ score }) => 100 * (score ?? 0)));
process.exitCode = lowest >= WANTED ? 0 : 1;
