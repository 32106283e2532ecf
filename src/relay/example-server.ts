import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HttpBindings } from '@hono/node-server';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';
import { compress } from 'hono/compress';
import { RelayError } from './errors.ts';
import { listenPublicly, type PublicServer } from './public-server.ts';
import type { SiteList } from './sites.ts';

export interface ExampleInit {
  readonly host: string;
  /** The operator's own port: the example takes the next one, or any that is free. */
  readonly nearPort: number;
  readonly appDir: string;
  /** The operator's address, where the script tag points to. */
  readonly starling: string;
  readonly sites: SiteList;
}

export interface ExampleServer {
  readonly url: string;
  stop(): Promise<void>;
}

const KEY = 'village';
const TAG_PLACE = '<!-- starling -->';

/** A partner's strict policy: of another origin it admits the script and the frame, and nothing else. */
const policyFor = (starling: string) =>
  [
    "default-src 'self'",
    `script-src 'self' ${starling}`,
    `frame-src ${starling}`,
    "style-src 'self'",
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join('; ');

/** @returns undefined where the example was not built */
export async function serveExample(init: ExampleInit): Promise<ExampleServer | undefined> {
  const root = join(init.appDir, KEY);
  const page = await readFile(join(root, 'index.html'), 'utf8').catch(() => undefined);
  const script = await readFile(join(init.appDir, 'embed.js')).catch(() => undefined);
  if (page === undefined || !script) return undefined;
  const starling = new URL(init.starling).origin;
  const hash = createHash('sha384').update(script).digest('base64');
  const tag = `<script async crossorigin="anonymous" src="${starling}/embed.js" integrity="sha384-${hash}" data-site="${KEY}" data-target="#starling"></script>`;
  const routes = new Hono<{ Bindings: HttpBindings }>();
  routes.use(async (context, next) => {
    await next();
    context.header('content-security-policy', policyFor(starling));
    context.header('x-content-type-options', 'nosniff');
    context.header('cache-control', 'no-cache');
  });
  routes.use(compress());
  routes.get('/', (context) => context.html(page.replace(TAG_PLACE, tag)));
  routes.use(serveStatic({ root }));
  const server = await listenNear(init, routes);
  const origins = ['localhost', '127.0.0.1'].map((name) => `http://${name}:${server.port}`);
  init.sites.add({ key: KEY, origins });
  // Another name than the operator's: to a browser another site, as a partner's is.
  return { url: `http://localhost:${server.port}/`, stop: () => server.stop() };
}

export function isLoopback(host: string): boolean {
  return host === '127.0.0.1' || host === '::1' || host === 'localhost';
}

async function listenNear(
  { host, nearPort }: ExampleInit,
  routes: Hono<{ Bindings: HttpBindings }>,
): Promise<PublicServer> {
  // Nothing is upgraded here.
  const upgrade: Parameters<typeof listenPublicly>[0]['upgrade'] = (_path, _request, socket) => void socket.destroy();
  const listen = (port: number) => listenPublicly({ host, port, routes, upgrade });
  if (nearPort === 0 || nearPort === 65_535) return listen(0);
  return listen(nearPort + 1).catch((error: unknown) => {
    if (error instanceof RelayError && error.code === 'port-in-use') return listen(0);
    throw error;
  });
}
