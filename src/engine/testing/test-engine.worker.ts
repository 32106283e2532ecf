import { expose } from 'comlink';
import type { PieceHash } from '../../base/branded.ts';
import type { Bytes } from '../../base/bytes.ts';
import { installRealmErrors } from '../../base/realm-errors.ts';
import { createEngineApi } from '../index.ts';
import { createMemoryPieceStore } from './memory-piece-store.ts';

installRealmErrors();
const store = createMemoryPieceStore();
const api = { ...createEngineApi({ store }), put: (hash: PieceHash, bytes: Bytes) => store.put(hash, bytes) };
export type TestEngine = typeof api;
expose(api);
