import { sep } from 'node:path';

/** On every answer. Isolation (COOP, COEP) gives pages `SharedArrayBuffer` and exact timers. */
export const APP_HEADERS = {
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
} as const;

/**
 * What a page of the app may load. Scripts only from here (WebAssembly for the fallback engine); connections anywhere,
 * because a person may choose other operators and trackers.
 */
export const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self' blob:",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "connect-src 'self' ws: wss: http: https:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
].join('; ');

/** Vite puts a hash of the content into the names in `assets`; everything else is asked for again each time. */
export function cacheControlOf(path: string): string {
  const isHashed = path.includes(`${sep}assets${sep}`) && /-[\w-]{8}\.\w+$/.test(path);
  return isHashed ? 'public, max-age=31536000, immutable' : 'no-cache';
}
