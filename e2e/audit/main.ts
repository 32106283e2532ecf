/**
 * `npm run audit:embed -- [PAGE] [--idle SECONDS] [--serve SECONDS]`: what the script tag does to a page, from outside, in a
 * new profile of a browser with its own defaults. Without a page: the example that an operator started for this shows,
 * while a stranger's batch keeps it busy. Ends with 1 if a promise is broken.
 */
import { parseArgs } from 'node:util';
import { expect, type Page } from '@playwright/test';
import { countStarts } from '../count-starts.ts';
import { makeBatch } from '../make-batch.ts';
import { startOperator } from '../operator.ts';
import { openPartitioned } from '../partitioned-browser.ts';
import { openVisitor, submitBatch } from '../tab.ts';
import { countRecords } from './count-records.ts';
import { frameGaps } from './frame-gaps.ts';
import { restedMs, watchGpuWork } from './gpu-work.ts';
import { keepAsking, STOPS } from './stops.ts';

const BEFORE_BYTES = 60_000;
const LEFT_RECORDS = 2;
const STOP_MS = 250;
const FRAME_MS = 18;
const LINES = 4_000;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { idle: { type: 'string', default: '60' }, serve: { type: 'string', default: '20' } },
});
let isKept = true;
function report(what: string, found: string, promise: string, keeps: boolean): void {
  isKept &&= keeps;
  console.log(`${keeps ? 'kept  ' : 'BROKEN'}  ${what.padEnd(46)} ${found.padStart(12)}   ${promise}`);
}
const seconds = (text: string) => Number(text) * 1_000;
const stateOf = (page: Page) => page.evaluate(() => window.Starling?.state);

async function agree(): Promise<void> {
  const badge = page.frameLocator('iframe[title=Starling]');
  await badge.getByRole('button', { name: 'Share this GPU?' }).click();
  await badge.getByRole('button', { name: 'Start' }).click();
  await expect.poll(() => stateOf(page), { timeout: 120_000 }).toBe('on');
}

/** Ends work in the middle of an answer that would not end, and of what strangers asked for. */
async function measureStop(name: keyof typeof STOPS): Promise<void> {
  await keepAsking(page);
  const before = work().submits;
  await expect.poll(() => work().submits).toBeGreaterThan(before);
  const stoppedMs = await page.evaluate(STOPS[name]);
  await page.waitForTimeout(2_000);
  const lateMs = restedMs(work()) - stoppedMs;
  report(`GPU at rest after ${name}`, `${lateMs} ms`, 'within 250 ms', lateMs <= STOP_MS);
}

const operator = positionals[0] === undefined ? await startOperator({ models: [] }) : undefined;
const address = positionals[0] ?? operator?.exampleUrl ?? '';
const { page, close } = await openPartitioned('about:blank');
const work = watchGpuWork(page);
await countStarts(page);
await page.goto(address);
await expect.poll(() => stateOf(page), { timeout: 30_000 }).toBe('off');
const frame = page.frames().find((each) => each.url().includes('/embed/frame.html'));
if (!frame) throw new Error(`${address} shows no frame of Starling`);
const starling = new URL(frame.url()).origin;

const aloneMs = await frameGaps(page, 5_000);
await page.waitForTimeout(seconds(values.idle));
const before = { adapters: 0, workers: 0, connections: 0, stored: 0, bytes: 0 };
for (const each of page.frames()) {
  const found = await each.evaluate(async () => ({
    ...(window as unknown as { counts: { adapters: number; workers: number; connections: number } }).counts,
    stored: localStorage.length + (await indexedDB.databases()).length + (await caches.keys()).length,
    fetched: performance
      .getEntries()
      .flatMap((entry) =>
        entry instanceof PerformanceResourceTiming ? [{ url: entry.name, bytes: entry.encodedBodySize }] : [],
      ),
  }));
  before.adapters += found.adapters;
  before.workers += each === frame ? found.workers : 0;
  before.connections += each === frame ? found.connections : 0;
  before.stored += each === frame ? found.stored : 0;
  for (const { url, bytes } of found.fetched) if (url.startsWith(starling)) before.bytes += bytes;
}
console.log(`${address}, before anybody agrees, after ${values.idle} s`);
report('GPU adapters', String(before.adapters), 'none', before.adapters === 0);
report('workers of the frame', String(before.workers), 'none', before.workers === 0);
report('connections of the frame', String(before.connections), 'none', before.connections === 0);
report('stores of the frame', String(before.stored), 'none', before.stored === 0);
report('transferred', `${(before.bytes / 1000).toFixed(1)} kB`, 'at most 60 kB', before.bytes <= BEFORE_BYTES);

if (operator) {
  // A software GPU loads the processor itself, and the node would rest from its own work.
  const session = await page.context().newCDPSession(frame);
  const source = { source: 'cpu' } as const;
  await session.send('Emulation.setPressureSourceOverrideEnabled', {
    ...source,
    enabled: true,
    metadata: { available: true },
  });
  await session.send('Emulation.setPressureStateOverride', { ...source, state: 'nominal' });
}
await agree();
const requester = operator && (await openVisitor(operator.url));
if (requester) await submitBatch(requester.page, 'audit.jsonl', makeBatch(LINES, 'starling-builtin'), 'swarm');
const atRest = work().submits;
const sharingMs = await frameGaps(page, seconds(values.serve));
console.log(`${address}, after a person agreed, over ${values.serve} s`);
const frames = `${sharingMs.toFixed(1)} ms`;
report(
  'frames of the page, 95th percentile',
  frames,
  `at most 18 ms; ${aloneMs.toFixed(1)} alone`,
  sharingMs <= FRAME_MS,
);

console.log(`        pieces of work given to the GPU meanwhile: ${work().submits - atRest}`);
await measureStop('pause');
await page.evaluate(() => window.Starling?.resume());
await expect.poll(() => stateOf(page)).toBe('on');
await measureStop('revoke');
report('state after it', (await stateOf(page)) ?? 'none', 'off', (await stateOf(page)) === 'off');
const left = await countRecords(frame);
report('records that the frame keeps after it', String(left), 'at most 2: its key, today’s data', left <= LEFT_RECORDS);

await requester?.close();
await agree();
await measureStop('taking the badge away');
await close();
await operator?.stop();
process.exit(isKept ? 0 : 1);
