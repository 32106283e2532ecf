import { defineConfig } from 'vite';

/** The partner's example: a game of its own, served from an origin of its own. */
export default defineConfig({
  root: 'src/village',
  base: './',
  build: { target: 'es2023', outDir: '../../dist/village', emptyOutDir: true, modulePreload: { polyfill: false } },
});
