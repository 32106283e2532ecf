import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HttpBindings } from '@hono/node-server';
import type { Context, Hono } from 'hono';
import type { ServedParts } from './served-parts.ts';

/**
 * The frame may be shown anywhere; that it works only for listed origins, it checks itself, so that it can say so by
 * name. WebAssembly and workers are for the engine, after consent.
 */
const FRAME_POLICY = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "connect-src 'self' blob: ws: wss: stun: stuns: turn: turns:",
  "worker-src 'self' blob:",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  'frame-ancestors *',
].join('; ');

const SITE_PLACE = 'name="starling-site" content=""';

/** What a page of another origin loads: the script, the frame and the frame's own files. */
export function addEmbedRoutes(app: Hono<{ Bindings: HttpBindings }>, served: () => ServedParts | undefined): void {
  app.use('/embed.js', async (context, next) => {
    await next();
    // Readable for the browser's integrity check, from whatever page.
    context.header('access-control-allow-origin', '*');
    context.header('cross-origin-resource-policy', 'cross-origin');
  });
  app.use('/embed/*', async (context, next) => {
    await next();
    // A frame without an origin of its own reads its scripts as a stranger does; they are everybody's to read.
    context.header('access-control-allow-origin', '*');
    // Hosts that isolate themselves (COEP) accept only frames and workers that do so too.
    context.header('cross-origin-resource-policy', 'cross-origin');
    context.header('cross-origin-embedder-policy', 'require-corp');
    context.header('content-security-policy', FRAME_POLICY);
  });
  app.get('/embed/frame.html', async (context: Context<{ Bindings: HttpBindings }>) => {
    const parts = served();
    const page = parts && (await readFile(join(parts.appDir, 'embed/frame.html'), 'utf8').catch(() => undefined));
    if (!parts || page === undefined) return context.notFound();
    const site = parts.sites.find(context.req.query('site') ?? '');
    context.header('cache-control', 'no-cache');
    // Without a site the place stays empty, and the frame refuses by name.
    return context.html(site ? page.replace(SITE_PLACE, `name="starling-site" content="${inAttribute(site)}"`) : page);
  });
  // The example belongs to an origin of its own.
  app.get('/village/*', (context) => context.notFound());
}

function inAttribute(value: unknown): string {
  return JSON.stringify(value).replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}
