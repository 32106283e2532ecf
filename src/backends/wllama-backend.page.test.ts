import { describe } from 'vitest';
import { copyBytes } from '../base/bytes.ts';
import gguf from '../../e2e/fixtures/llama-Q4_K_M.gguf?url';
import { testBackend } from './backend.compliance.ts';
import { storeFile } from './testing/stored-files.ts';
import { createWllamaBackend } from './wllama-backend.ts';

const files = async () => storeFile('llama.gguf', copyBytes(new Uint8Array(await (await fetch(gguf)).arrayBuffer())));

describe('wllama on the CPU', () => {
  testBackend(
    async () => createWllamaBackend(),
    [
      { task: 'completion', files },
      { task: 'chat', files },
    ],
  );
});
