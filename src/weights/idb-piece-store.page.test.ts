import { createStore, set } from 'idb-keyval';
import { createIdbPieceStore } from './idb-piece-store.ts';
import { describePieceStore } from './piece-store.compliance.ts';

describePieceStore(
  'IndexedDB (Chromium)',
  () => Promise.resolve(createIdbPieceStore()),
  (hash) => set(hash, new Blob([new Uint8Array(4096)]), createStore('starling-pieces', 'pieces')),
);
