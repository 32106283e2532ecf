import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Browser, BrowserContext, Page } from '@playwright/test';
import { build } from 'vite';
import { createOperator, type BootstrapModel, type Operator } from '../src/relay/index.ts';
import { browserShims } from '../vite.shims.ts';
import type { FetchOrder, Outcome } from './weights-harness/harness.ts';

/** An operator that serves the harness page and publishes generated models. */
export interface WeightsSite {
  readonly operator: Operator;
  /** Stops the operator and starts it again at the same address after a while. */
  restart(pauseMs: number): Promise<void>;
  publish(name: string, bytes: Uint8Array): Promise<{ model: BootstrapModel; sha256: string }>;
  /** What a page needs to fetch a model here; parts may be replaced. */
  order(model: BootstrapModel, more?: Partial<FetchOrder>): FetchOrder;
  /** Payload bytes that the operator's web seed sent so far. */
  webSeedBytes(): Promise<number>;
  close(): Promise<void>;
}

export async function openWeightsSite(): Promise<WeightsSite> {
  const dir = await mkdtemp(join(tmpdir(), 'starling-weights-'));
  const distDir = join(dir, 'dist');
  await build({
    ...browserShims,
    root: resolve('e2e/weights-harness'),
    configFile: false,
    logLevel: 'error',
    build: { outDir: distDir, target: 'es2023', emptyOutDir: true, chunkSizeWarningLimit: 2000 },
  });
  const dataDir = join(dir, 'data');
  let operator = await createOperator({ dataDir, distDir, port: 0 });
  const list = async () =>
    ((await (await fetch(`${operator.url}/bootstrap.json`)).json()) as { models: BootstrapModel[] }).models;
  return {
    get operator() {
      return operator;
    },
    async restart(pauseMs) {
      const port = Number(new URL(operator.url).port);
      await operator.stop();
      await new Promise((done) => setTimeout(done, pauseMs));
      operator = await createOperator({ dataDir, distDir, port });
    },
    async publish(name, bytes) {
      await writeFile(join(dir, name), bytes);
      const { root } = await operator.publish(join(dir, name));
      const model = (await list()).find((each) => each.root === root);
      if (!model) throw new Error(`${name} is not in bootstrap.json`);
      return { model, sha256: createHash('sha256').update(bytes).digest('hex') };
    },
    order: (model, more = {}) => ({
      manifest: model.manifest,
      torrent: model.torrent,
      sources: {
        announce: [`${operator.url.replace('http', 'ws')}/announce`],
        webSeeds: [operator.url + model.webSeed],
      },
      ...more,
    }),
    async webSeedBytes() {
      const text = await (await fetch(`${operator.url}/metrics`)).text();
      return [...text.matchAll(/^starling_web_seed_bytes_total\{.*\} (\d+)/gm)].reduce(
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
  const context = await browser.newContext();
  const page = await context.newPage();
  await openHarness(page, site);
  return { context, page };
}

export async function openHarness(page: Page, site: WeightsSite): Promise<void> {
  await page.goto(site.operator.url);
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
