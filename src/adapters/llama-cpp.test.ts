import { expect, test } from 'vitest';
import { sha256Hex } from '../base/sha256.ts';
import type { AdapterWeights } from '../engine/index.ts';
import { loadReferenceModel } from '../engine/model/forward.reference.ts';
import { adapters, baseConfig, bases, tokens } from './testing/adapters.ts';
import recorded from './testing/llama-cpp.json' with { type: 'json' };
import { readGgufLora, writeGgufLora } from './gguf-lora.ts';

/** Our exact reference's log-probability of each token given those before it. */
function ours(base: Uint8Array, adapter?: AdapterWeights): number[] {
  const rows = loadReferenceModel(base, adapter).logProbabilities(tokens.slice(0, -1));
  return rows.map((row, i) => row[tokens[i + 1] ?? 0] ?? Number.NaN);
}

function meanDistance(a: readonly number[], b: readonly number[]): number {
  expect(a).toHaveLength(b.length);
  return a.reduce((sum, value, i) => sum + Math.abs(value - (b[i] ?? Number.NaN)), 0) / a.length;
}

/** How far we are from llama.cpp, without an adapter and with each. */
async function distances(type: keyof typeof recorded.bases) {
  const base = bases[type] ?? new Uint8Array();
  const { alone, withAdapters } = recorded.bases[type];
  const adapted: number[] = [];
  for (const [name, adapter] of Object.entries(adapters)) {
    const file = writeGgufLora(adapter, baseConfig, { name });
    const key = name as keyof typeof withAdapters;
    expect(await sha256Hex(file)).toBe(recorded.sha256[key]);
    const theirs = withAdapters[key];
    adapted.push(meanDistance(ours(base, readGgufLora(file, baseConfig).weights), theirs));
    // The adapter counts: without it the distance is far.
    expect(meanDistance(alone, theirs), name).toBeGreaterThan(0.1);
  }
  return { alone: meanDistance(ours(base), alone), adapted };
}

test('llama.cpp computes with our exported adapters as we do', async () => {
  const { alone, adapted } = await distances('F32');
  expect(Math.max(alone, ...adapted)).toBeLessThan(0.005);
});

test('on Q8_0, where llama.cpp rounds what it multiplies, adapters add next to nothing to the distance', async () => {
  const { alone, adapted } = await distances('Q8_0');
  expect(alone).toBeLessThan(0.05);
  expect(Math.max(...adapted)).toBeLessThan(alone + 0.01);
});
