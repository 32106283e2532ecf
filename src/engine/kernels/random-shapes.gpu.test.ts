import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { allChoices, createPipelineCache, featuresOf, openGpu, type GpuDevice } from '../../gpu/index.ts';
import { reductionsOf } from '../model/reduction.ts';
import { ALL_PROPERTIES } from '../testing/properties/all-properties.ts';
import { notingCache, valuesOf } from '../testing/properties/kernel-property.ts';
import { ALL_KERNELS } from './all-kernels.ts';

/** Printed with a failure, with which it can be run again. */
const SEED = 20_261_121;
/** Kernels that no step runs. */
const APART = /\/(train_.*|read_bandwidth)\.wgsl$/;
let gpu: GpuDevice;
beforeAll(async () => {
  gpu = await openGpu(navigator.gpu);
});
afterAll(() => gpu.close());

test('every shader of a step is a kernel with properties', () => {
  const files = Object.keys(import.meta.glob('../../../shaders/*.wgsl', { query: '?url' }));
  const names = files.filter((file) => !APART.test(file)).map((file) => file.replace(/.*\/|\.wgsl/g, ''));
  expect(ALL_KERNELS.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
  expect(Object.keys(ALL_PROPERTIES).toSorted()).toEqual(names.toSorted());
});

describe.each(ALL_KERNELS)('$name', (kernel) => {
  const seen = new Set<string>();

  test.each(ALL_PROPERTIES[kernel.name] ?? [])('of any shape $label', async ({ runs, of }) => {
    const cache = notingCache(createPipelineCache(gpu.device), seen);
    const property = of(gpu, cache, ({ what, off, bound }) => expect(off, what).toBeLessThanOrEqual(bound));
    await fc.assert(property, { seed: SEED, numRuns: runs });
  });

  test('every variant that this device can run was run', () => {
    const lanes = new Set(reductionsOf(gpu.report).map((reduction) => reduction.lanes));
    const possible = allChoices(kernel).filter(
      (choice) =>
        featuresOf(kernel, choice).every((name) => gpu.device.features.has(name)) &&
        // As many lanes as its smallest subgroup has.
        (choice.variants?.['reduce'] !== 'subgroup' || lanes.has(choice.overrides?.['LANES'] ?? 0)),
    );
    const values = new Set(possible.flatMap((choice) => valuesOf(kernel, choice)));
    expect([...seen].toSorted()).toEqual([...values].toSorted());
  });
});
