import { existsSync, readFileSync } from 'node:fs';

/** What the page itself names: the entry and everything that it imports before a click, and its styles. */
function firstLoad() {
  const page = existsSync('dist/index.html') ? readFileSync('dist/index.html', 'utf8') : '';
  return [...page.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map(([, path]) => `dist/${path}`);
}

export default [
  { name: 'first load: scripts and styles before any click', path: firstLoad(), limit: '60 kB', gzip: true },
  { name: 'service worker', path: 'dist/service-worker.js', limit: '20 kB' },
  { name: 'engine worker', path: 'dist/assets/engine.worker-*.js', limit: '160 kB' },
  { name: 'embed loader', path: 'dist/embed.js', limit: '6 kB' },
  {
    name: 'embed frame before consent',
    path: ['dist/embed/assets/frame-*.js', 'dist/embed/assets/rolldown-runtime-*.js'],
    limit: '25 kB',
  },
];
