import { expect, test } from 'vitest';
import { chooseBackend } from './choose-backend.ts';

test.each([
  [['a.gguf'], true, 'starling'],
  [['a.gguf'], false, 'wllama'],
  [['config.json', 'onnx/model.onnx'], false, 'transformers.js'],
  [['mlc-chat-config.json', 'model.wasm'], true, 'web-llm'],
  [['config.json', 'tokenizer.json', 'model.safetensors'], true, 'starling'],
] as const)('%j with WebGPU %s goes to %s', (names, hasWebGpu, expected) => {
  expect(chooseBackend(names, hasWebGpu)).toBe(expected);
});

test('what nothing runs is refused by name', () => {
  expect(() => chooseBackend(['model.safetensors'], true)).toThrow(/nothing here runs/);
  expect(() => chooseBackend(['tokenizer.json', 'model.safetensors'], false)).toThrow(/needs WebGPU/);
  expect(() => chooseBackend(['mlc-chat-config.json'], false)).toThrow(/needs WebGPU/);
});
