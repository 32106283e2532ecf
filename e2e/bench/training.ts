import { createRandom } from '../../src/base/random.ts';
import { packedRow, packRows } from '../../src/engine/model/packing.ts';
import { randomRows } from '../../src/engine/testing/random-weights.ts';
import type { ModelConfig } from '../../src/engine/index.ts';
import { createGpuMemory, createPipelineCache, openGpu, BUFFER_USAGE } from '../../src/gpu/index.ts';
import { createLoraTrainer, loraScale } from '../../src/training/index.ts';
import { productsFor } from '../../src/training/kernels/choose-products.ts';
import { addLinear, addLinearInputGrad, type Linear } from '../../src/training/model/linear.ts';
import { createOpList, type Op } from '../../src/training/model/op-list.ts';
import { loadTestBase, writeTestModel } from '../../src/training/testing/base-model.ts';
import { createJaxLora } from '../../src/training/testing/jax-gradients.ts';
import { randomAdapter, randomBatch, randomParameters, TINY_LLAMA } from '../../src/training/testing/random-model.ts';
import type { TensorType } from '../../src/weights/index.ts';
import { fastest, fastestInTurns } from './fastest.ts';
import { gflops, ourProduct } from './matmul.ts';

const CONFIG: ModelConfig = {
  ...TINY_LLAMA,
  width: 256,
  ffnWidth: 704,
  heads: 4,
  kvHeads: 2,
  headSize: 64,
  rotary: 64,
  vocabulary: 512,
  contextTokens: 512,
};
const LORA = { rank: 8, alpha: 8 };
const TOKENS = 256;

function setUp() {
  const parameters = randomParameters(CONFIG, 1);
  const batch = randomBatch(CONFIG, [TOKENS / 4, TOKENS / 4, TOKENS / 2], 2);
  return { parameters, batch };
}

/** A whole step of an adapter of all seven matrices, AdamW included; tokens/s, and the loss of the first. */
export async function measureOurTraining(): Promise<{ tokensPerSecond: number; loss: number }> {
  const gpu = await openGpu(navigator.gpu);
  const { parameters, batch } = setUp();
  const base = await loadTestBase(gpu, writeTestModel(CONFIG, parameters));
  const trainer = await createLoraTrainer({ gpu, base, lora: LORA, batchTokens: TOKENS });
  const { loss } = await trainer.evaluate([batch]);
  const ms = await fastest(async () => void (await trainer.step([batch], { learningRate: 1e-4 })));
  trainer.close();
  base.free();
  gpu.close();
  return { tokensPerSecond: (1000 * TOKENS) / ms, loss };
}

/** Loss and gradients of the same adapter by jax-js on WebGPU, compiled as a whole; without an optimizer. */
export async function measureJaxTraining(): Promise<{ tokensPerSecond: number; loss: number }> {
  const { parameters, batch } = setUp();
  const adapter = [...randomAdapter(CONFIG, LORA, 3)].map(
    ([name, values]) => [name, name.endsWith('b') ? values.fill(0) : values] as const,
  );
  const all = new Map([...parameters, ...adapter]);
  const { jax, arrays, lossOf } = await createJaxLora(CONFIG, all, loraScale(LORA), 'webgpu');
  const count = batch.labels.filter((label) => label >= 0).length;
  const list = arrays();
  const step = jax.jit(jax.valueAndGrad((each: typeof list) => lossOf(each, batch, count)));
  let loss = Number.NaN;
  const ms = await fastest(async () => {
    const [value, gradients] = step(list.map((each) => each.ref)) as [(typeof list)[number], typeof list];
    await jax.blockUntilReady(gradients);
    loss = Number((await value.data())[0]);
    for (const each of gradients) each.dispose();
  });
  return { tokensPerSecond: (1000 * TOKENS) / ms, loss };
}

/** Both products of training over frozen weights, (size, size) with `size` rows, and the engine's; in turns. */
export async function measureOurProducts(
  size: number,
  type: TensorType,
): Promise<{ forward: number; backward: number; engine: number }> {
  const gpu = await openGpu(navigator.gpu);
  const { device } = gpu;
  const memory = createGpuMemory(device);
  const { codes, scales } = packRows(type, size, randomRows(type, size, size, createRandom(1)));
  const usage = BUFFER_USAGE.STORAGE | BUFFER_USAGE.COPY_DST;
  const weights = await memory.create('weights', codes.byteLength + scales.byteLength, usage);
  device.queue.writeBuffer(weights, 0, codes);
  if (scales.byteLength > 0) device.queue.writeBuffer(weights, codes.byteLength, scales);
  const [x, y] = [await memory.create('x', 4 * size ** 2, usage), await memory.create('y', 4 * size ** 2, usage)];
  const scalesWord = (size * packedRow(type, size).codesBytes) / 4;
  const part = { weights, type, scalesWord, bufferRow: 0, rows: size, output: 0 };
  const layer: Linear = { inputs: size, outputs: size, parts: [part], gradient: undefined };
  const ops = createOpList(device, createPipelineCache(device), memory);
  const context = { ops, products: productsFor(gpu.report) };
  const rows = (buffer: GPUBuffer) => ({ buffer, stride: size });
  addLinear(context, layer, size, rows(x), rows(y), { mode: 'nothing' });
  const forward = await ops.take();
  addLinearInputGrad(context, layer, size, rows(x), rows(y));
  const backward = await ops.take();
  const runOf =
    ([op]: readonly Op[]) =>
    async () => {
      if (op?.kind !== 'dispatch') return;
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      pass.setPipeline(op.pipeline);
      pass.setBindGroup(0, op.group);
      pass.dispatchWorkgroups(...op.size);
      pass.end();
      device.queue.submit([encoder.finish()]);
      await device.queue.onSubmittedWorkDone();
    };
  const engine = await ourProduct(size, type);
  const ms = await fastestInTurns([runOf(forward), runOf(backward), engine.run]);
  engine.close();
  memory.freeAll();
  gpu.close();
  const speed = (i: number) => gflops(size, ms[i] ?? Number.NaN);
  return { forward: speed(0), backward: speed(1), engine: speed(2) };
}
