import { describe } from 'vitest';
import { copyBytes } from '../base/bytes.ts';
import gguf from '../../e2e/fixtures/llama-Q4_K_M.gguf?url';
import { createEngineApi } from '../engine/index.ts';
import { storeFile as storePieces } from '../engine/testing/store-file.ts';
import { createMemoryPieceStore } from '../weights/index.ts';
import { testBackend } from './backend.compliance.ts';
import { createStarlingBackend } from './starling-backend.ts';
import { storeFile } from './testing/stored-files.ts';

const bytes = async () => copyBytes(new Uint8Array(await (await fetch(gguf)).arrayBuffer()));

describe('our own engine', () => {
  testBackend(async () => {
    const store = createMemoryPieceStore();
    const source = await storePieces(store, await bytes(), 1 << 20);
    return createStarlingBackend(createEngineApi({ store }), source);
  }, [
    { task: 'completion', files: async () => storeFile('llama.gguf', await bytes()) },
    { task: 'embedding', files: async () => storeFile('llama.gguf', await bytes()) },
    { task: 'zero-shot-classification', files: async () => storeFile('llama.gguf', await bytes()) },
  ]);
});
