import { createMemoryPieceStore } from './memory-piece-store.ts';
import { describePieceStore } from './piece-store.compliance.ts';

describePieceStore('memory', () => Promise.resolve(createMemoryPieceStore()));
