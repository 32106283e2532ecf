import { describe } from 'vitest';
import config from '../../e2e/fixtures/bert-tiny/config.json?raw';
import model from '../../e2e/fixtures/bert-tiny/onnx/model.onnx?url';
import tokenizerConfig from '../../e2e/fixtures/bert-tiny/tokenizer_config.json?raw';
import tokenizer from '../../e2e/fixtures/bert-tiny/tokenizer.json?raw';
import { testBackend, type Claim } from './backend.compliance.ts';
import { storeFiles } from './testing/stored-files.ts';
import { classifierFiles, speechFiles } from './testing/tiny-models.ts';
import { createTransformersBackend } from './transformers-backend.ts';

const bertTokenizer = { 'tokenizer.json': tokenizer, 'tokenizer_config.json': tokenizerConfig };
const { vocab } = (JSON.parse(tokenizer) as { model: { vocab: Record<string, number> } }).model;

const claims: Claim[] = [
  {
    task: 'embedding',
    files: async () => {
      const onnx = new Uint8Array(await (await fetch(model)).arrayBuffer());
      return storeFiles({ ...bertTokenizer, 'config.json': config, 'onnx/model.onnx': onnx });
    },
  },
  { task: 'text-classification', files: () => storeFiles({ ...bertTokenizer, ...classifierFiles(vocab) }) },
  {
    task: 'zero-shot-classification',
    order: ['yyy', 'xxx', 'nnn'],
    files: () => storeFiles({ ...bertTokenizer, ...classifierFiles(vocab) }),
  },
  { task: 'speech-to-text', files: () => storeFiles(speechFiles()) },
];

describe.each(['wasm', 'webgpu'] as const)('transformers.js on %s', (device) => {
  testBackend(async () => createTransformersBackend(device), claims);
});
