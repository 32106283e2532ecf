/**
 * Records `llama-cpp.json`: what llama.cpp says after each token, with and without our exported adapters.
 *
 *     npm i --no-save --ignore-scripts node-llama-cpp@3.22.1
 *     npm run headless -- src/adapters/testing/record-llama-cpp.mjs
 */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sha256Hex } from '../../base/sha256.ts';
import { writeGgufLora } from '../gguf-lora.ts';
import { adapters, baseConfig, bases, tokens } from './adapters.ts';

const { getLlama } = await import(process.env.NODE_LLAMA_CPP ?? 'node-llama-cpp');
const llama = await getLlama({ gpu: false, build: 'never' });
const folder = mkdtempSync(join(tmpdir(), 'starling-lora-'));
const keep = (name, bytes) => {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};

/** Natural logarithms of the probability of each token given those before it. */
async function logProbabilities(modelPath, filePath) {
  const model = await llama.loadModel({ modelPath });
  const context = await model.createContext({
    contextSize: 256,
    ...(filePath && { lora: { adapters: [{ filePath }] } }),
  });
  const asked = Array.from(tokens.slice(0, -1), (token) => [token, { generateNext: { probabilities: true } }]);
  const answers = await context.getSequence().controlledEvaluate(asked);
  await model.dispose();
  return answers.map(({ next }, i) => Number(Math.log(next.probabilities.get(tokens[i + 1])).toFixed(5)));
}

const files = Object.entries(adapters).map(([name, adapter]) => [name, writeGgufLora(adapter, baseConfig, { name })]);
const recorded = { madeWith: 'node-llama-cpp 3.22.1, CPU', bases: {}, sha256: {} };
for (const [name, file] of files) recorded.sha256[name] = await sha256Hex(file);
for (const [type, bytes] of Object.entries(bases)) {
  const path = keep(`${type}.gguf`, bytes);
  const withAdapters = {};
  for (const [name, file] of files) withAdapters[name] = await logProbabilities(path, keep('adapter.gguf', file));
  recorded.bases[type] = { alone: await logProbabilities(path), withAdapters };
}
writeFileSync('src/adapters/testing/llama-cpp.json', `${JSON.stringify(recorded)}\n`);
process.exit(0);
