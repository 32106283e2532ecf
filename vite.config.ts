import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { defineConfig, type Plugin } from 'vite';
import { VitePWA } from 'vite-plugin-pwa';
import { browserShims } from './vite.shims.ts';

type ManifestEntry = { url: string; revision: string | null; size: number };

/** Shader comments would ship otherwise. Newlines stay, so that a compiler's line numbers still match the source. */
export function stripShaderComments(): Plugin {
  return {
    name: 'strip-shader-comments',
    enforce: 'pre',
    apply: 'build',
    async load(id) {
      if (!id.endsWith('.wgsl?raw')) return undefined;
      const code = await readFile(id.slice(0, -'?raw'.length), 'utf8');
      return `export default ${JSON.stringify(code.replaceAll(/[ \t]*\/\/.*$/gm, ''))}`;
    },
  };
}

/** Where this build puts the page: the operator builds beside what it serves, and moves it there when it is whole. */
let outDir = 'dist';
const noteOutDir: Plugin = {
  name: 'note-out-dir',
  configResolved({ root, build }) {
    outDir = resolve(root, build.outDir);
  },
};

/** Of the scripts and styles those that the page itself names, and the catalogue of each language. */
async function keepShell(entries: ManifestEntry[]) {
  const page = await readFile(join(outDir, 'index.html'), 'utf8');
  const isShell = ({ url }: ManifestEntry) =>
    !url.startsWith('assets/') || page.includes(`"/${url}"`) || url.startsWith('assets/de-');
  return { manifest: entries.filter(isShell) };
}

export default defineConfig({
  ...browserShims,
  build: { target: 'es2023', outDir: 'dist', sourcemap: true, modulePreload: { polyfill: false } },
  worker: { format: 'es', plugins: () => [stripShaderComments()] },
  server: { host: '127.0.0.1' },
  plugins: [
    stripShaderComments(),
    noteOutDir,
    VitePWA({
      strategies: 'injectManifest',
      srcDir: 'workers',
      filename: 'service-worker.ts',
      registerType: 'prompt',
      injectRegister: false,
      // The shell only: the node, its workers and the network stack are fetched after a person's click.
      injectManifest: {
        globPatterns: ['index.html', 'assets/*.{js,css}', '*.{svg,png}'],
        manifestTransforms: [keepShell],
      },
      manifest: {
        id: '/',
        name: 'Starling',
        short_name: 'Starling',
        description: 'Share this computer’s GPU with people who need it, for as long as this page is open.',
        start_url: '/',
        display: 'standalone',
        background_color: '#fbfaf7',
        theme_color: '#fbfaf7',
        icons: [
          { src: '/icon-192.png', sizes: '192x192', type: 'image/png' },
          { src: '/icon-512.png', sizes: '512x512', type: 'image/png' },
          { src: '/icon-maskable-512.png', sizes: '512x512', type: 'image/png', purpose: 'maskable' },
        ],
        shortcuts: [
          { name: 'Batch', url: '/#batch' },
          { name: 'Chat', url: '/#chat' },
          { name: 'Models', url: '/#models' },
        ],
        share_target: {
          action: '/share',
          method: 'POST',
          enctype: 'multipart/form-data',
          params: { files: [{ name: 'files', accept: ['.jsonl', 'application/jsonl', '.gguf'] }] },
        },
        file_handlers: [
          { action: '/', accept: { 'application/jsonl': ['.jsonl'], 'application/octet-stream': ['.gguf'] } },
        ],
        launch_handler: { client_mode: 'focus-existing' },
      },
    }),
  ],
});
