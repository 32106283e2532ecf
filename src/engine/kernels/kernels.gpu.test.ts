import { expect, test } from 'vitest';
import { WgslReflect } from 'wgsl_reflect';
import { allChoices, choiceLabel, createPipelineCache, featuresOf, linkKernel, openGpu } from '../../gpu/index.ts';
import { ALL_KERNELS } from './all-kernels.ts';

for (const kernel of ALL_KERNELS) {
  // A test for each value of the first axis: software compilers need seconds for all of them.
  const [axis = ''] = Object.keys(kernel.variants);
  const byFormat = Map.groupBy(allChoices(kernel), ({ variants }) => variants?.[axis] ?? 'default');
  test.each([...byFormat])(`every variant of ${kernel.name} over %s compiles`, async (_, choices) => {
    const gpu = await openGpu(navigator.gpu);
    const cache = createPipelineCache(gpu.device);
    // Those of features that this browser lacks are compiled under Dawn (compile-kernels.test.ts).
    const possible = choices.filter((choice) =>
      featuresOf(kernel, choice).every((name) => gpu.device.features.has(name)),
    );
    await Promise.all(possible.map((choice) => cache.pipeline(kernel, choice)));
    expect(possible.length).toBeGreaterThan(0);
    gpu.close();
  });

  test(`${kernel.name} declares the parameters and bindings that its shader has`, () => {
    for (const choice of allChoices(kernel)) {
      const { code } = linkKernel(kernel, choice);
      const reflected = new WgslReflect(code);
      const [uniform] = reflected.uniforms;
      const fields = uniform?.members?.map(({ name, type, offset }) => [name, type.name, offset]);
      const declared = Object.entries(kernel.params).map(([name, type], i) => [name, type, 4 * i]);
      expect(fields, choiceLabel(kernel, choice)).toEqual(declared);
      expect(uniform?.binding).toBe(0);
      // A library may name the same binding by another type, of which the entry point uses one.
      const storage = [...new Map(reflected.storage.map(({ binding, access }) => [binding, access]))];
      expect(storage.toSorted(([a], [b]) => a - b)).toEqual(kernel.bindings.map((kind, i) => [i + 1, kind]));
      expect(storage.length, 'within the 8 storage buffers of the default limits').toBeLessThanOrEqual(8);
      expect(reflected.overrides.map(({ name }) => name).toSorted()).toEqual(Object.keys(kernel.overrides).toSorted());
    }
  });
}
