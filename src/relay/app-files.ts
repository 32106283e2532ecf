import { serveStatic } from '@hono/node-server/serve-static';
import type { MiddlewareHandler } from 'hono';

/**
 * Own scripts only, no `eval`; WebAssembly for the CPU engine; workers also from blobs, as libraries make them. Lit uses
 * constructable style sheets, but plots and progress bars set `style` attributes. Any WebSocket: relays of other
 * operators are part of the swarm.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "connect-src 'self' blob: ws: wss: stun: stuns: turn: turns:",
  "worker-src 'self' blob:",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** Vite names everything in `assets/` by its content. */
const HASHED = /^\/assets\//;

/** The built page. A path that is no file is left to the next handler: the page's own routes are behind `#`. */
export function appFiles(appDir: string): MiddlewareHandler {
  const files = serveStatic({ root: appDir });
  return async (context, next) => {
    const response = await files(context, next);
    // `no-cache` keeps a copy and asks each time: a new release is seen at once, above all by the service worker.
    const isHashed = HASHED.test(context.req.path);
    const caching = isHashed ? 'public, max-age=31536000, immutable' : 'no-cache';
    if (response instanceof Response) response.headers.set('cache-control', caching);
    return response;
  };
}

/** Headers of every answer. */
export const securityHeaders: MiddlewareHandler = async (context, next) => {
  await next();
  // The embed's frame brings its own.
  if (!context.res.headers.has('content-security-policy')) {
    context.header('content-security-policy', CONTENT_SECURITY_POLICY);
  }
  context.header('x-content-type-options', 'nosniff');
  context.header('referrer-policy', 'no-referrer');
};
