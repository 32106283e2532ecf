/**
 * `npm run bench`: every figure as a ratio against a named peer in the same run, on this machine. Prints a table and
 * writes `test-results/bench.json`. Nothing here passes or fails.
 */
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { chromium, type Page } from 'playwright';
import { build, preview } from 'vite';
import { browserShims } from '../../vite.shims.ts';
import { requireChromium, WEBGPU_FLAGS } from '../chromium.ts';
import { randomGguf } from '../gguf-writer.ts';
import { startOperator, storyModel } from '../operator.ts';
import type { bench } from './bench-page.ts';

type Bench = typeof bench;

interface Row {
  readonly what: string;
  readonly ours: string;
  readonly peer: string;
  readonly ratio: number;
}

const BATCH = 8;
const MODEL_BYTES = 64 * 1024 * 1024;
const SHAPES = [512, 1024] as const;
/** A decode step of this many dispatches is to cost the CPU at most so much. */
const ENCODED_DISPATCHES = 300;
const ENCODE_LIMIT_MS = 0.3;

const rows: Row[] = [];
function report(what: string, ours: number, peer: number, unit: string, peerName: string, digits = 1): void {
  const row = {
    what,
    ours: `${ours.toFixed(digits)} ${unit}`,
    peer: `${peerName} ${peer.toFixed(digits)} ${unit}`,
    ratio: ours / peer,
  };
  rows.push(row);
  console.log(`${what.padEnd(48)} ${row.ours.padStart(14)}   ${row.peer.padEnd(34)} ${row.ratio.toFixed(2)}×`);
}

// Built as the app is: webtorrent does not run unbundled.
const outDir = mkdtempSync(join(tmpdir(), 'starling-bench-'));
await build({
  ...browserShims,
  configFile: false,
  logLevel: 'error',
  worker: { format: 'es' },
  build: {
    outDir,
    target: 'es2023',
    rollupOptions: { input: resolve('e2e/bench/bench.html') },
    chunkSizeWarningLimit: 4000,
  },
});
const site = await preview({
  configFile: false,
  logLevel: 'error',
  build: { outDir },
  preview: { host: '127.0.0.1', port: 0 },
});
const base = site.resolvedUrls?.local[0] ?? '';

async function openPage(): Promise<{ page: Page; close(): Promise<void> }> {
  const profile = mkdtempSync(join(tmpdir(), 'starling-bench-'));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: requireChromium(),
    args: WEBGPU_FLAGS,
  });
  const page = context.pages()[0] ?? (await context.newPage());
  page.on('pageerror', (error) => console.error(String(error)));
  await page.goto(`${base}e2e/bench/bench.html`);
  await page.waitForFunction(() => 'bench' in globalThis);
  return { page, close: () => context.close() };
}

/** Runs one of the page's measurements. */
async function measure<K extends keyof Bench>(
  page: Page,
  name: K,
  ...args: readonly (string | number | readonly string[])[]
) {
  const value: unknown = await page.evaluate(
    ([key, values]) =>
      (globalThis as never as { bench: Record<string, (...list: unknown[]) => unknown> }).bench[key]?.(...values),
    [name, args] as const,
  );
  return value as Awaited<ReturnType<Bench[K]>>;
}

async function benchDownload(): Promise<void> {
  const path = join(mkdtempSync(join(tmpdir(), 'starling-bench-')), 'random-64MiB.gguf');
  writeFileSync(path, randomGguf({ sizeBytes: MODEL_BYTES, seed: 1 }));
  const operator = await startOperator({ models: [path] });
  const [seeder, leecher] = [await openPage(), await openPage()];
  await measure(seeder.page, 'seedModel', operator.url);
  const { webRtc, http } = await measure(leecher.page, 'measureDownload', operator.url);
  report('64 MiB over WebRTC, checked and stored', webRtc, http, 'MB/s', 'plain HTTP');
  await Promise.all([seeder.close(), leecher.close(), operator.stop()]);
}

async function benchGenerate(): Promise<void> {
  const operator = await startOperator({ models: [storyModel()] });
  const { models } = (await (await fetch(new URL('/bootstrap.json', operator.url))).json()) as {
    models: { webSeed: string }[];
  };
  const url = new URL(models[0]?.webSeed ?? '', operator.url).href;
  const { page, close } = await openPage();
  const wllama = await measure(page, 'measureWllama', url);
  const ours = await measure(page, 'measureEngine', url, BATCH);
  report('prefill, 1 sequence', ours.one.prefill, wllama.prefill, 'tok/s', 'wllama (CPU)');
  report('decode, 1 sequence', ours.one.decode, wllama.decode, 'tok/s', 'wllama (CPU)');
  report(`decode, ${BATCH} sequences`, ours.many.decode, wllama.decode, 'tok/s', 'wllama (CPU), 1 sequence');
  await Promise.all([close(), operator.stop()]);
}

async function benchMatmul(): Promise<void> {
  const { page, close } = await openPage();
  for (const size of SHAPES) {
    const { jax, ours } = await measure(page, 'measureMatmul', size, ['F32', 'Q8_0', 'Q4_0', 'Q4_K']);
    for (const { type, gflops, error } of ours) {
      const what = `matrix product ${type} ${size}×${size}×${size}, off by ${error.toExponential(0)}`;
      report(what, gflops, jax, 'GFLOP/s', 'jax-js f32 WebGPU');
    }
  }
  await close();
}

/** Against a limit instead of a peer, as no other engine says it; less is better. */
async function benchEncode(): Promise<void> {
  const { page, close } = await openPage();
  const { dispatches, encodeMs, submitMs } = await measure(page, 'measureEncode');
  const line = (what: string, ms: number) =>
    report(what, (ms * ENCODED_DISPATCHES) / dispatches, ENCODE_LIMIT_MS, 'ms', 'at most', 3);
  line(`encoding ${ENCODED_DISPATCHES} dispatches`, encodeMs);
  line('the same until its submit returns', submitMs);
  await close();
}

/** In turns, for whatever else this machine does falls on both; the better of each counts. */
async function benchTraining(): Promise<void> {
  const { page, close } = await openPage();
  let [ours, jax] = [0, 0];
  const losses = new Set<string>();
  for (let turn = 0; turn < 2; turn++) {
    const [a, b] = [await measure(page, 'measureOurTraining'), await measure(page, 'measureJaxTraining')];
    [ours, jax] = [Math.max(ours, a.tokensPerSecond), Math.max(jax, b.tokensPerSecond)];
    for (const { loss } of [a, b]) losses.add(loss.toFixed(4));
  }
  report(`step of an adapter, loss ${[...losses].join(' and ')}`, ours, jax, 'tok/s', 'jax-js WebGPU');
  for (const format of ['Q8_0', 'Q4_0', 'Q4_K', 'Q5_K', 'Q6_K'] as const) {
    const products = await measure(page, 'measureOurProducts', SHAPES[0], format);
    for (const way of ['forward', 'backward'] as const)
      report(`training product ${format} ${way}`, products[way], products.engine, 'GFLOP/s', 'our inference product');
  }
  await close();
}

/** In turns, for whatever else this machine does falls on both; the better of each counts. */
async function benchEmbed(): Promise<void> {
  const [a, b] = [await openPage(), await openPage()];
  let ours = 0;
  let direct = 0;
  for (let turn = 0; turn < 5; turn++) {
    ours = Math.max(ours, await measure(a.page, 'measureOurEmbeddings', 20));
    direct = Math.max(direct, await measure(b.page, 'measureDirectEmbeddings', 20));
  }
  report('embeddings through our backend', ours, direct, 'texts/s', 'transformers.js');
  await Promise.all([a.close(), b.close()]);
}

const PARTS = {
  download: benchDownload,
  generate: benchGenerate,
  matmul: benchMatmul,
  encode: benchEncode,
  embed: benchEmbed,
  training: benchTraining,
};
/** `npm run bench -- embed matmul` runs these alone. */
const chosen = process.argv.slice(2);

console.log(`${cpus().length} × ${cpus()[0]?.model}, ${relative(resolve('..'), storyModel()).split('/').at(-1)}\n`);
for (const [name, part] of Object.entries(PARTS)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  await part().catch((error: unknown) => console.error(`${name} failed: ${String(error)}`));
}
await site.close();
mkdirSync('test-results', { recursive: true });
writeFileSync(
  'test-results/bench.json',
  `${JSON.stringify({ at: new Date().toISOString(), cpu: cpus()[0]?.model, rows }, null, 2)}\n`,
);
process.exit(0);
