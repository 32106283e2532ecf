import { expect, test } from 'vitest';
import { WgslReflect } from 'wgsl_reflect';
import { allChoices, choiceLabel, createPipelineCache, linkKernel, openGpu } from '../../gpu/index.ts';
import { ALL_TRAINING_KERNELS } from './all-kernels.ts';

test.each(ALL_TRAINING_KERNELS.map((kernel) => [kernel.name, kernel] as const))(
  'every variant of %s compiles and declares what its shader has',
  async (_, kernel) => {
    const gpu = await openGpu(navigator.gpu);
    const cache = createPipelineCache(gpu.device);
    const choices = allChoices(kernel);
    await Promise.all(choices.map((choice) => cache.pipeline(kernel, choice)));
    gpu.close();
    expect(choices.length).toBeGreaterThan(0);
    for (const choice of choices) {
      const label = choiceLabel(kernel, choice);
      const reflected = new WgslReflect(linkKernel(kernel, choice).code);
      const fields = reflected.uniforms[0]?.members?.map(({ name, type, offset }) => [name, type.name, offset]);
      expect(fields, label).toEqual(Object.entries(kernel.params).map(([name, type], i) => [name, type, 4 * i]));
      const storage = reflected.storage.toSorted((a, b) => a.binding - b.binding);
      const bindings = kernel.bindings.map((kind, i) => [i + 1, kind]);
      expect(
        storage.map(({ binding, access }) => [binding, access]),
        label,
      ).toEqual(bindings);
      expect(storage.length, 'within the 8 storage buffers of the default limits').toBeLessThanOrEqual(8);
      expect(reflected.overrides.map(({ name }) => name)).toEqual(Object.keys(kernel.overrides));
    }
  },
);
