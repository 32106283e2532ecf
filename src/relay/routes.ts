import type { HttpBindings } from '@hono/node-server';
import { Hono, type Context } from 'hono';
import { compress } from 'hono/compress';
import { cors } from 'hono/cors';
import { appFiles, securityHeaders } from './app-files.ts';
import { makeBootstrap } from './bootstrap-document.ts';
import { addEmbedRoutes } from './embed-routes.ts';
import type { OperatorMetrics } from './metrics.ts';
import type { ModelCatalogue } from './model-catalogue.ts';
import { readPublicAddress } from './public-address.ts';
import type { PublishedModel } from './publish-model.ts';
import type { ServedParts } from './served-parts.ts';
import type { WebSeed } from './web-seed.ts';

export interface RouteParts {
  /** Undefined as long as the operator is not ready: only `/healthz` answers then. */
  readonly served: () => ServedParts | undefined;
  readonly metrics: OperatorMetrics;
  readonly webSeed: WebSeed;
  readonly catalogue: ModelCatalogue;
  /** Hex of the operator's public key. */
  readonly operator: string;
  readonly relay: { readonly peerId: string; metrics(): { readonly connections: number } };
  readonly startedAtMs: number;
}

type Served = { Bindings: HttpBindings };

/** Everything that is answered over plain HTTP. */
export function createRoutes(parts: RouteParts): Hono<Served> {
  const { catalogue, metrics } = parts;
  const app = new Hono<Served>();
  app.use(async (context, next) => {
    await next();
    metrics.countRequest(routeName(context.req.path), context.res.status);
  });
  app.use(securityHeaders);
  app.onError((_error, context) => context.text('internal error', 500));
  app.notFound((context) => context.text('not found', 404));

  app.get('/healthz', async (context) => {
    const isReady = parts.served() !== undefined;
    context.header('cache-control', 'no-store');
    return context.json(
      {
        ok: isReady,
        uptimeSeconds: Math.round((performance.now() - parts.startedAtMs) / 1000),
        models: (await catalogue.offered()).length,
        peers: parts.relay.metrics().connections,
      },
      isReady ? 200 : 503,
    );
  });
  app.use(async (context, next) => {
    if (parts.served()) return next();
    return context.text('starting: try again in a moment', 503, { 'retry-after': '2' });
  });
  app.get('/metrics', async (context) => {
    // The models are looked at, so that a changed one is noticed even if nobody asks for it.
    await catalogue.offered();
    return context.text(await metrics.text(), 200, {
      'content-type': metrics.contentType,
      'cache-control': 'no-store',
    });
  });
  addModelRoutes(app, parts);

  app.use(async (context, next) => {
    const { method } = context.req;
    if (method === 'GET' || method === 'HEAD') return next();
    return context.text('method not allowed', 405, { allow: 'GET, HEAD' });
  });
  // Only what is not a model: quantised weights do not shrink, and their ranges are of the bytes as they are.
  app.use(compress());
  addEmbedRoutes(app, parts.served);
  let files: ReturnType<typeof appFiles> | undefined;
  app.use(async (context, next) => {
    const served = parts.served();
    if (!served) return next();
    files ??= appFiles(served.appDir);
    return files(context, next);
  });
  return app;
}

/** What other origins may read too: everything about models is public and checked by whoever fetches it. */
function addModelRoutes(app: Hono<Served>, parts: RouteParts): void {
  const { catalogue } = parts;
  const open = cors({
    origin: '*',
    allowMethods: ['GET', 'HEAD'],
    allowHeaders: ['range', 'if-range', 'cache-control'],
    exposeHeaders: ['accept-ranges', 'content-length', 'content-range', 'etag'],
    maxAge: 86_400,
  });
  for (const path of ['/bootstrap.json', '/weights/*', '/manifests/*', '/torrents/*']) {
    app.use(path, open);
    app.use(path, async (context, next) => {
      await next();
      context.header('cross-origin-resource-policy', 'cross-origin');
    });
  }
  // The page's sections are fragments; this one is worth a name that people can pass on.
  app.get('/bench', (context) => context.redirect('/#bench'));
  app.get('/bootstrap.json', async (context) => {
    const address = readPublicAddress(context.req.header('host'), context.req.header('x-forwarded-proto'));
    if (!address) return context.text('bad host', 400);
    const models = await catalogue.offered();
    context.header('cache-control', 'no-store');
    return context.json(makeBootstrap({ address, operator: parts.operator, relayPeerId: parts.relay.peerId, models }));
  });
  app.get('/weights/:root/:name', async (context) => {
    const model = await catalogue.find(context.req.param('root'));
    if (model?.manifest.name !== context.req.param('name')) return context.notFound();
    return parts.webSeed.answer(context.req.raw, model, () => context.env.outgoing.destroy());
  });
  const documentRoute = (
    path: '/manifests/:file' | '/torrents/:file',
    ending: string,
    read: (model: PublishedModel) => Uint8Array,
  ) =>
    app.get(path, async (context: Context<Served>) => {
      const file = context.req.param('file') ?? '';
      const model = file.endsWith(ending)
        ? await catalogue.find(file.slice(0, file.length - ending.length))
        : undefined;
      if (!model) return context.notFound();
      return context.body(new Uint8Array(read(model)), 200, {
        'content-type': 'application/octet-stream',
        'cache-control': 'no-cache',
      });
    });
  documentRoute('/manifests/:file', '', (model) => model.manifestBytes);
  documentRoute('/torrents/:file', '.torrent', (model) => model.torrent);
}

/** A few names, whatever visitors ask for: each label of a metric is memory. */
function routeName(path: string): string {
  const [, first = ''] = path.split('/', 2);
  return ['weights', 'manifests', 'torrents', 'metrics', 'healthz', 'bootstrap.json'].includes(first) ? first : 'page';
}
