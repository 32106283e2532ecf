import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Browser, BrowserContext, Page } from '@playwright/test';
import { build } from 'vite';
import type { Bootstrap, BootstrapModel } from '../src/protocol/index.ts';
import { createOperator } from '../src/relay/index.ts';
import { browserShims } from '../vite.shims.ts';
import type { FetchOrder, Outcome } from './weights-harness/harness.ts';

/** An operator that serves the harness page and generated models. */
export interface WeightsSite {
  /** Without a slash at the end. */
  readonly url: string;
  /** Stops the operator and starts it again at the same address after a while. */
  restart(pauseMs: number): Promise<void>;
  /** A model by its file name, with the SHA-256 of its file. */
  published(name: string): { readonly model: BootstrapModel; readonly sha256: string };
  /** What a page needs to fetch a model here; parts may be replaced. */
  order(model: BootstrapModel, more?: Partial<FetchOrder>): FetchOrder;
  /** Payload bytes that the operator's web seed sent so far. */
  webSeedBytes(): Promise<number>;
  close(): Promise<void>;
}

/** @param files content by file name */
export async function openWeightsSite(files: Readonly<Record<string, Uint8Array>>): Promise<WeightsSite> {
  const dir = await mkdtemp(join(tmpdir(), 'starling-weights-'));
  const distDir = join(dir, 'dist');
  await build({
    ...browserShims,
    root: resolve('e2e/weights-harness'),
    configFile: false,
    logLevel: 'error',
    build: { outDir: distDir, target: 'es2023', emptyOutDir: true, chunkSizeWarningLimit: 2000 },
  });
  const hashes = new Map<string, string>();
  const models: { place: string }[] = [];
  for (const [name, bytes] of Object.entries(files)) {
    await writeFile(join(dir, name), bytes);
    hashes.set(name, createHash('sha256').update(bytes).digest('hex'));
    models.push({ place: join(dir, name) });
  }
  const init = { dataDir: join(dir, 'data'), app: distDir };
  let operator = await createOperator({ ...init, models });
  const url = operator.url.replace(/\/$/, '');
  const offer = (await (await fetch(`${url}/bootstrap.json`)).json()) as Bootstrap;
  return {
    url,
    async restart(pauseMs) {
      await operator.stop();
      await new Promise((done) => setTimeout(done, pauseMs));
      operator = await createOperator({ ...init, port: Number(new URL(url).port) });
    },
    published(name) {
      const model = offer.models.find((each) => each.name === name);
      const sha256 = hashes.get(name);
      if (!model || sha256 === undefined) throw new Error(`${name} is not in bootstrap.json`);
      return { model, sha256 };
    },
    order: (model, more = {}) => ({
      manifest: model.manifest,
      torrent: model.torrent,
      sources: {
        announce: [offer.tracker],
        webSeeds: [url + model.webSeed],
      },
      ...more,
    }),
    async webSeedBytes() {
      const text = await (await fetch(`${url}/metrics`)).text();
      return [...text.matchAll(/^starling_web_seed_bytes_total(?:\{.*\})? (\d+)/gm)].reduce(
        (sum, [, n]) => sum + Number(n),
        0,
      );
    },
    async close() {
      await operator.stop();
      await rm(dir, { recursive: true });
    },
  };
}

/** A visitor with a profile of its own: nothing is shared with the others but the network. */
export async function visit(browser: Browser, site: WeightsSite): Promise<{ context: BrowserContext; page: Page }> {
  // The app's policy lets a page connect to its own operator only; these tests have lying web seeds elsewhere.
  const context = await browser.newContext({ bypassCSP: true });
  const page = await context.newPage();
  await openHarness(page, site);
  return { context, page };
}

export async function openHarness(page: Page, site: WeightsSite): Promise<void> {
  await page.goto(site.url);
  await page.waitForFunction(() => 'harness' in globalThis);
}

export const start = (page: Page, order: FetchOrder) => page.evaluate((o) => globalThis.harness.start(o), order);

/** Waits until the transfer is done or has failed. */
export async function settle(page: Page): Promise<Outcome> {
  await page.waitForFunction(() => globalThis.harness.outcome().state !== 'running', undefined, {
    timeout: 180_000,
    polling: 200,
  });
  return page.evaluate(() => globalThis.harness.outcome());
}

export async function progressOf(page: Page) {
  const progress = await page.evaluate(() => globalThis.harness.progress());
  if (!progress) throw new Error('no transfer was started');
  return progress;
}

/** A server that answers ranges correctly in form and spoils every answer in content. */
export async function openLyingSeed(
  file: Uint8Array,
): Promise<{ url: string; sentBytes: () => number; close(): void }> {
  let sentBytes = 0;
  const server = createServer((request, response) => {
    const [, from = '0', to = ''] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
    const last = to === '' ? file.byteLength - 1 : Number(to);
    const body = file.slice(Number(from), last + 1);
    for (let i = 0; i < body.length; i += 4096) body[i] = (body[i] ?? 0) ^ 1;
    sentBytes += body.length;
    response.writeHead(206, {
      'access-control-allow-origin': '*',
      'cross-origin-resource-policy': 'cross-origin',
      'content-range': `bytes ${from}-${last}/${file.byteLength}`,
      'content-length': body.length,
    });
    response.end(body);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/model.gguf`,
    sentBytes: () => sentBytes,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
