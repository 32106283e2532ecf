import { serveStatic } from '@hono/node-server/serve-static';
import { Hono, type Context } from 'hono';
import { cors } from 'hono/cors';
import { describeOperator } from './bootstrap.ts';
import { APP_HEADERS, cacheControlOf, CONTENT_SECURITY_POLICY } from './http-headers.ts';
import type { OperatorMetrics } from './metrics.ts';
import type { ModelShelf } from './model-shelf.ts';
import { serveWeights } from './web-seed.ts';

export interface HttpAppInit {
  readonly shelf: ModelShelf;
  readonly metrics: OperatorMetrics;
  readonly publicKey: Uint8Array;
  readonly relayPeerId: string;
  /** The built app; undefined serves none. */
  readonly distDir: string | undefined;
  /** Believe `x-forwarded-proto` and `x-forwarded-host`: behind a TLS proxy. */
  readonly trustsProxy: boolean;
}

const BINARY = 'application/octet-stream';

/** Every HTTP route of the operator. */
export function createHttpApp(init: HttpAppInit): Hono {
  const { shelf, metrics } = init;
  const app = new Hono();
  app.use(async (context, next) => {
    await next();
    for (const [name, value] of Object.entries(APP_HEADERS)) context.header(name, value);
    metrics.requests.inc({ route: routeOf(context.req.path), status: String(context.res.status) });
  });
  for (const path of ['/weights/*', '/manifests/*', '/torrents/*', '/bootstrap.json']) app.use(path, openToAll());
  app.get('/healthz', (context) => context.json({ status: 'ok', models: shelf.list().length }, 200, NO_STORE));
  app.get('/metrics', async (context) =>
    context.body(await metrics.registry.metrics(), 200, { 'content-type': metrics.registry.contentType, ...NO_STORE }),
  );
  app.get('/bootstrap.json', (context) => {
    const reached = reachedAt(context, init.trustsProxy);
    if (!reached) return context.text('a Host header is needed', 400);
    const { publicKey, relayPeerId } = init;
    return context.json(describeOperator({ publicKey, relayPeerId, models: shelf.list(), ...reached }), 200, NO_STORE);
  });
  app.get('/weights/:root/:name', async (context) => {
    const model = shelf.get(context.req.param('root'));
    if (!model) return context.text('no such model here', 404);
    return serveWeights(context, model, (count) => metrics.webSeedBytes.inc({ model: model.root }, count));
  });
  app.get('/manifests/:root', (context) =>
    binary(context, shelf.get(context.req.param('root'))?.manifestBytes, BINARY),
  );
  app.get('/torrents/:file', (context) => {
    const root = context.req.param('file').replace(/\.torrent$/, '');
    return binary(context, shelf.get(root)?.torrent, 'application/x-bittorrent');
  });
  if (init.distDir !== undefined) serveApp(app, init.distDir);
  app.notFound((context) => context.text('not found', 404));
  app.onError((_, context) => context.text('this request could not be answered', 500));
  return app;
}

const NO_STORE = { 'cache-control': 'no-store' };

function serveApp(app: Hono, distDir: string): void {
  app.use(
    '/*',
    serveStatic({
      root: distDir,
      onFound: (path, context) => {
        context.header('cache-control', cacheControlOf(path));
        if (path.endsWith('.html')) context.header('content-security-policy', CONTENT_SECURITY_POLICY);
      },
    }),
  );
}

/** Tabs of other origins may read weights: they are public and checked by hash. */
function openToAll() {
  const allow = cors({
    origin: '*',
    allowMethods: ['GET', 'HEAD'],
    // webtorrent of other people's pages sends `cache-control` with its ranges.
    allowHeaders: ['range', 'if-range', 'cache-control'],
    exposeHeaders: ['accept-ranges', 'content-length', 'content-range', 'etag'],
    maxAge: 7200,
  });
  return async (context: Context, next: () => Promise<void>) => {
    const answer = await allow(context, next);
    context.header('cross-origin-resource-policy', 'cross-origin');
    return answer;
  };
}

function binary(context: Context, bytes: Uint8Array<ArrayBuffer> | undefined, type: string): Response {
  if (!bytes) return context.text('no such model here', 404);
  return context.body(bytes, 200, { 'content-type': type, 'cache-control': 'no-cache' });
}

/** For metrics: our own names only, so that strangers cannot make labels. */
function routeOf(path: string): string {
  const first = path.split('/')[1] ?? '';
  return ['weights', 'manifests', 'torrents', 'bootstrap.json', 'healthz', 'metrics'].includes(first) ? first : 'app';
}

function reachedAt(context: Context, trustsProxy: boolean): { host: string; isSecure: boolean } | undefined {
  const forwarded = (name: string) => (trustsProxy ? context.req.header(name)?.split(',')[0]?.trim() : undefined);
  const host = forwarded('x-forwarded-host') ?? context.req.header('host');
  if (host === undefined || !/^(?:[a-z0-9.-]{1,253}|\[[0-9a-f:.]{2,45}\])(?::\d{1,5})?$/i.test(host)) return undefined;
  return { host, isSecure: forwarded('x-forwarded-proto') === 'https' };
}
