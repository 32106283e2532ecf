/** `npm run headless -- src/headless/bench-training.ts`: training throughput of a model of about 1M parameters. */
import { createRandom } from '../base/random.ts';
import type { ModelConfig } from '../engine/index.ts';
import { openGpu } from '../gpu/index.ts';
import { createTrainer, initialParameters, type PackedBatch } from '../training/index.ts';
import { openDawn } from './open-dawn.ts';

const config: ModelConfig = {
  architecture: 'llama',
  layers: 5,
  width: 128,
  ffnWidth: 352,
  heads: 4,
  kvHeads: 2,
  headSize: 32,
  rotary: 32,
  ropeBase: 10_000,
  ropeScale: 1,
  ropeStyle: 'pairs',
  hasHeadNorm: false,
  epsilon: 1e-5,
  contextTokens: 512,
  vocabulary: 1024,
  isTied: true,
};
const tokens = 1024;
const segment = 128;
const random = createRandom(1);
const draw = () => random.below(config.vocabulary);
const batch: PackedBatch = {
  tokens: Uint32Array.from({ length: tokens }, draw),
  positions: Uint32Array.from({ length: tokens }, (_, t) => t % segment),
  segmentStarts: Uint32Array.from({ length: tokens }, (_, t) => t - (t % segment)),
  labels: Int32Array.from({ length: tokens }, draw),
};
const gpu = await openGpu(await openDawn());
const parameters = initialParameters(config, 1);
const trainer = await createTrainer({ gpu, config, parameters, batchTokens: tokens });
const count = [...parameters.values()].reduce((sum, { length }) => sum + length, 0);
for (let i = 0; i < 6; i++) {
  const start = performance.now();
  const { loss } = await trainer.step([batch], { learningRate: 1e-3 });
  const seconds = (performance.now() - start) / 1000;
  const gflops = (6 * count * tokens) / seconds / 1e9;
  console.log(
    `loss ${loss.toFixed(3)}  ${seconds.toFixed(2)} s  ${(tokens / seconds).toFixed(0)} tokens/s  ${gflops.toFixed(1)} GFLOP/s`,
  );
}
process.exit(0);
