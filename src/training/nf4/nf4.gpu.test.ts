import { afterAll, beforeAll, expect, test } from 'vitest';
import { createRandom } from '../../base/random.ts';
import { runKernel } from '../../engine/testing/run-kernel.ts';
import { createPipelineCache, openGpu, type GpuDevice, type PipelineCache } from '../../gpu/index.ts';
import { quantiseNf4Kernel } from '../kernels/nf4.ts';
import { createLoraTrainer } from '../lora-trainer.ts';
import { quantiseBase } from '../model/quantise-base.ts';
import { referenceGradients } from '../reference/model.reference.ts';
import { loadTestBase, writeTestModel } from '../testing/base-model.ts';
import { randomBatch, randomExtras, randomParameters, relativeError, TINY_QWEN3 } from '../testing/random-model.ts';
import { dequantiseNf4, quantiseNf4 } from './nf4.reference.ts';

let gpu: GpuDevice;
let cache: PipelineCache;
beforeAll(async () => {
  gpu = await openGpu(navigator.gpu);
  cache = createPipelineCache(gpu.device);
});
afterAll(() => gpu.close());

test('codes and magnitudes are those of the reference', async () => {
  const random = createRandom(2);
  const [rows, k] = [5, 96];
  const values = Float32Array.from({ length: rows * k }, () => (random.uniform() - 0.5) ** 3);
  values.fill(0, 64, 128);
  const expected = quantiseNf4(values);
  const blocks = expected.absmax.length;
  const [, codes, absmax] = await runKernel(gpu, cache, {
    kernel: quantiseNf4Kernel,
    choice: { variants: { format: 'F32' } },
    params: { blocks, runs: (rows * k) / 32, k4: k / 4, half_base: 0 },
    buffers: [values, new Uint32Array(blocks * 8), new Float32Array(blocks)],
    workgroups: [1, 1],
  });
  expect([...new Float32Array(absmax ?? new ArrayBuffer(0))]).toEqual([...expected.absmax]);
  const found = Array.from(new Uint8Array(codes ?? new ArrayBuffer(0)), (byte) => [byte >> 4, byte & 15]).flat();
  // The last block is half full; what fills it up is 0. A quotient may be rounded otherwise, next to a threshold.
  const differences = found.map((code, i) => Math.abs(code - (expected.codes[i] ?? 99)));
  expect(Math.max(...differences)).toBeLessThanOrEqual(1);
  expect(differences.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(2);
});

test('an adapter on a base of NF4 has the gradients of what the base stands for, and the base shrinks', async () => {
  const config = { ...TINY_QWEN3, width: 96, ffnWidth: 64, headSize: 8, rotary: 8 };
  const file = writeTestModel(config, new Map([...randomParameters(config, 1), ...randomExtras(config, 2)]));
  const base = await loadTestBase(gpu, file, 20_000);
  // A chunk is a matrix of its own, so the reference takes the chunks of the plan.
  const parameters = new Map<string, ArrayLike<number>>(base.parameters);
  for (const layer of base.view.layers) {
    for (const { k, chunks } of [...layer.qkv, layer.output, layer.gateUp, layer.down]) {
      for (const { rows, parts } of chunks) {
        const all = new Float32Array(rows * k);
        const each = (visit: (at: number, tensor: string, from: number) => void) => {
          for (const { tensor, tensorRow, rows: count, chunkRow } of parts)
            for (let i = 0; i < count * k; i++) visit(chunkRow * k + i, tensor, tensorRow * k + i);
        };
        each((at, tensor, from) => (all[at] = base.parameters.get(tensor)?.[from] ?? 0));
        const rounded = dequantiseNf4(quantiseNf4(all), all.length);
        each((at, tensor, from) => {
          const values = Float64Array.from(parameters.get(tensor) ?? []);
          values[from] = rounded[at] ?? 0;
          parameters.set(tensor, values);
        });
      }
    }
  }
  const lora = { rank: 4, alpha: 4 };
  const batches = [randomBatch(config, [5, 6], 3)];
  const before = base.memory.allocatedBytes;
  const view = await quantiseBase(gpu, base, base.memory, { cache });
  const matrices = view.layers.flatMap(({ qkv, output, gateUp, down }) => [...qkv, output, gateUp, down]);
  expect(new Set(matrices.map(({ type }) => type))).toEqual(new Set(['NF4']));
  expect(base.memory.allocatedBytes).toBeLessThan(before);
  const trainer = await createLoraTrainer({ gpu, cache, base: { config, view }, lora, batchTokens: 12, seed: 1 });
  const { loss } = await trainer.step(batches, { learningRate: 0 });
  const adapter = await trainer.readAdapter();
  const found = await trainer.readGradients();
  trainer.close();
  base.free();
  for (const [name, { a, b }] of adapter) parameters.set(`${name}.lora_a`, a).set(`${name}.lora_b`, b);
  const expected = referenceGradients(config, parameters, batches, 1);
  expect(Math.abs(loss - expected.loss)).toBeLessThan(1e-5);
  for (const [name, gradient] of found)
    if (name.endsWith('.lora_b'))
      expect(relativeError(gradient, expected.gradients.get(name) ?? []), name).toBeLessThan(2e-5);
});
