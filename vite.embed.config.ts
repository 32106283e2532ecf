import { defineConfig } from 'vite';
import packageFile from './package.json' with { type: 'json' };
import { stripShaderComments } from './vite.config.ts';
import { browserShims } from './vite.shims.ts';

/**
 * What other people's pages include: the loader (`--mode loader`), one script under a name that does not change, and
 * the frame, whose engine and network come after consent.
 */
export default defineConfig(({ mode }) =>
  mode === 'loader'
    ? {
        publicDir: false,
        define: { __STARLING_VERSION__: JSON.stringify(packageFile.version) },
        build: {
          target: 'es2022',
          outDir: 'dist',
          emptyOutDir: false,
          lib: {
            entry: 'src/embed/loader/main.ts',
            name: 'StarlingLoader',
            formats: ['iife'],
            fileName: () => 'embed.js',
          },
        },
      }
    : {
        ...browserShims,
        root: 'src/embed/frame',
        base: '/embed/',
        publicDir: false,
        build: {
          target: 'es2023',
          outDir: '../../../dist/embed',
          emptyOutDir: true,
          modulePreload: { polyfill: false },
          rollupOptions: { input: 'src/embed/frame/frame.html' },
        },
        worker: { format: 'es', plugins: () => [stripShaderComments()] },
        plugins: [stripShaderComments()],
      },
);
