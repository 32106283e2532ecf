import type { UserConfig } from 'vite';

/** What webtorrent needs of a bundler in the browser: it was written against Node's globals. */
export const browserShims: Pick<UserConfig, 'define' | 'resolve'> = {
  define: { 'process.browser': 'true', global: 'globalThis' },
  resolve: { alias: { path: 'path-esm' } },
};
