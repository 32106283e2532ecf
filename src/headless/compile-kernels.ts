/**
 * `npm run headless -- src/headless/compile-kernels.ts`: compiles every variant of the engine's kernels under Dawn, with
 * a line of JSON for each kernel and set of features, `missing` where this adapter lacks one.
 */
import { ALL_KERNELS } from '../engine/index.ts';
import { allChoices, createPipelineCache, featuresOf, openGpu, type Kernel, type KernelChoice } from '../gpu/index.ts';
import { openDawn } from './open-dawn.ts';

const { device } = await openGpu(await openDawn());
for (const kernel of ALL_KERNELS) {
  const byFeatures = new Map<string, KernelChoice[]>();
  for (const choice of allChoices(kernel)) {
    const key = featuresOf(kernel, choice).join();
    byFeatures.set(key, [...(byFeatures.get(key) ?? []), choice]);
  }
  for (const [key, choices] of byFeatures) console.log(JSON.stringify(await compileAll(kernel, key, choices)));
}
process.exit(0);

async function compileAll(kernel: Kernel, key: string, choices: readonly KernelChoice[]) {
  const features = key === '' ? [] : key.split(',');
  const missing = features.filter((name) => !device.features.has(name));
  const cache = createPipelineCache(device);
  const faults: string[] = [];
  for (const choice of missing.length > 0 ? [] : choices) {
    await cache.pipeline(kernel, choice).catch((error: unknown) => faults.push(String(error)));
  }
  return { kernel: kernel.name, features, missing, variants: choices.length, faults };
}
