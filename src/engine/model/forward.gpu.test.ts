import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createPipelineCache, openGpu, type GpuDevice, type PipelineCache } from '../../gpu/index.ts';
import { createMemoryPieceStore } from '../../weights/index.ts';
import { storeFile } from '../testing/store-file.ts';
import { hasSharedModels, testModels, type TestModel } from '../testing/test-models.ts';
import { loadModel, type LoadedModel, type LoadOptions } from './load-model.ts';
import { PAGE_TOKENS } from './run-state.ts';
import type { StepRow } from './step-rows.ts';

let gpu: GpuDevice;
let cache: PipelineCache;
beforeAll(async () => {
  gpu = await openGpu(navigator.gpu);
  cache = createPipelineCache(gpu.device);
});
afterAll(() => gpu.close());

async function load(model: TestModel, options: LoadOptions = {}): Promise<LoadedModel> {
  const store = createMemoryPieceStore();
  const source = await storeFile(store, await model.file(), 100_003);
  return await loadModel(
    gpu,
    cache,
    store,
    source,
    { contextTokens: 128, ...options },
    () => undefined,
    new AbortController().signal,
  );
}

/** Gives slot `slot` a page for each 16 positions, in an order of its own. */
function givePages(loaded: LoadedModel, slot: number): void {
  const count = loaded.runner.state.limits.contextTokens / PAGE_TOKENS;
  loaded.runner.setPages(
    slot,
    Array.from({ length: count }, (_, i) => slot * count + (count - 1 - i)),
  );
}

async function logitsOf({ runner }: LoadedModel, rows: readonly StepRow[]): Promise<Float32Array[]> {
  const { logits } = await (await runner.submit(rows)).result;
  return logits.map((row) => row ?? new Float32Array(0));
}

/** Logits after each of `tokens` as one sequence alone in `slot`, `chunk` tokens a step. */
async function runAlone(
  loaded: LoadedModel,
  tokens: readonly number[],
  slot: number,
  chunk: number,
): Promise<Float32Array[]> {
  givePages(loaded, slot);
  const out: Float32Array[] = [];
  for (let at = 0; at < tokens.length; at += chunk) {
    const rows = tokens
      .slice(at, at + chunk)
      .map((token, i) => ({ token, slot, position: at + i, wantsLogits: true, readsLogits: true }));
    out.push(...(await logitsOf(loaded, rows)));
  }
  return out;
}

function logProbabilities(logits: Float32Array): Float64Array {
  const top = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const mass = logits.reduce((sum, v) => sum + Math.exp(v - top), 0);
  return Float64Array.from(logits, (v) => v - top - Math.log(mass));
}

test.skipIf(hasSharedModels)('skipped: ../shared/models is absent, only e2e/fixtures are tested', () => undefined);

describe.each(testModels)('forward pass of $name', (model) => {
  test('log-probabilities agree with the float64 oracle', async () => {
    const { tokens, exact } = await model.oracle();
    const loaded = await load(model);
    const rows = await runAlone(loaded, tokens, 0, 8);
    const errors = exact.flatMap((row, i) => {
      const found = logProbabilities(rows[i] ?? new Float32Array(0));
      return row.map(([id, value]) => Math.abs((found[id] ?? 99) - value));
    });
    // f32 sums of up to 512 terms over 3 to 5 layers: 1e-4 in the mean is asked of an f32 engine by the models' README.
    expect(errors.reduce((a, b) => a + b, 0) / errors.length).toBeLessThan(1e-4);
    expect(Math.max(...errors)).toBeLessThan(1e-3);
    loaded.memory.freeAll();
  });

  test('a sequence has the same bits alone, in chunks, and in every batch of up to 16', async () => {
    const { tokens } = await model.oracle();
    const loaded = await load(model, { slots: 16 });
    const alone = await runAlone(loaded, tokens, 0, 1);
    for (const chunk of [3, 8]) {
      const chunked = await runAlone(loaded, tokens, 5, chunk);
      expect(chunked).toEqual(alone);
    }
    // Batches of 2 to 16 sequences, each a token a step at a place of its own: sequence s runs tokens shifted by s.
    for (let at = 0; at < 15; at++) {
      const rows: StepRow[] = Array.from({ length: at + 2 }, (_, s) => {
        const slot = (s * 7 + 3) % 16;
        const position = slot === 3 ? at : 0;
        return {
          token: tokens[(at + (slot === 3 ? 0 : s)) % tokens.length] ?? 0,
          slot,
          position,
          wantsLogits: true,
          readsLogits: true,
        };
      });
      if (at === 0) for (let slot = 0; slot < 16; slot++) givePages(loaded, slot);
      const logits = await logitsOf(loaded, rows);
      expect(logits[rows.findIndex(({ slot }) => slot === 3)]).toEqual(alone[at]);
    }
    loaded.memory.freeAll();
  });
});

test('a model split into many bindings has the same bits', async () => {
  const model = testModels.find(({ name }) => name.startsWith('llama'));
  if (!model) throw new TypeError('no llama among the test models');
  const { tokens } = await model.oracle();
  const whole = await load(model);
  const expected = await runAlone(whole, tokens.slice(0, 12), 2, 5);
  whole.memory.freeAll();
  const split = await load(model, { maxChunkBytes: 20_000 });
  expect(split.runner.dispatches).toBeGreaterThan(whole.runner.dispatches + 20);
  expect(await runAlone(split, tokens.slice(0, 12), 0, 3)).toEqual(expected);
  split.memory.freeAll();
});

test('a layer takes at most 8 dispatches, one more where v is of another type than q and k', async () => {
  for (const model of testModels) {
    const loaded = await load(model);
    const { layers } = loaded.runner.config;
    const mixed = model.name.includes('_K_M') ? layers : 0;
    expect(loaded.runner.dispatches).toBeLessThanOrEqual(8 * layers + mixed + 4);
    loaded.memory.freeAll();
  }
});
