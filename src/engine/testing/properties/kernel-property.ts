import fc from 'fast-check';
import { createRandom, type Random } from '../../../base/random.ts';
import type { GpuDevice, Kernel, KernelChoice, PipelineCache } from '../../../gpu/index.ts';

/** How far one output of a kernel is from its reference's, in words and in numbers. */
export interface Deviation {
  readonly what: string;
  readonly off: number;
  readonly bound: number;
}

/** What must hold of a kernel for any shape. */
export interface KernelProperty {
  /** Beside the kernel's name, where it has several. */
  readonly label: string;
  readonly runs: number;
  /** Fails by throwing if `judge` does. */
  of(gpu: GpuDevice, cache: PipelineCache, judge: (deviation: Deviation) => void): fc.IAsyncProperty<unknown>;
}

/** Runs a kernel of a shape in every variant that suits it; gives its largest deviations. */
export function kernelProperty<Shape>(
  label: string,
  runs: number,
  shapes: fc.Arbitrary<Shape>,
  check: (gpu: GpuDevice, cache: PipelineCache, shape: Shape, random: Random) => Promise<readonly Deviation[]>,
): KernelProperty {
  const seeded = fc.record({ shape: shapes, seed: fc.nat() });
  return {
    label,
    runs,
    of: (gpu, cache, judge) =>
      fc.asyncProperty(seeded, async ({ shape, seed }) => {
        for (const deviation of await check(gpu, cache, shape, createRandom(seed))) judge(deviation);
      }) as fc.IAsyncProperty<unknown>,
  };
}

/** The largest difference; not a number where an output is missing. */
export function worst(found: ArrayLike<number>, expected: ArrayLike<number>): number {
  return Array.from(expected).reduce((most, v, i) => Math.max(most, Math.abs((found[i] ?? Number.NaN) - v)), 0);
}

/** Numbers from -1 to 1. */
export function numbers(count: number, random: Random): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length: count }, () => 2 * random.uniform() - 1);
}

export function times<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i));
}

/** A cache that notes each value of each axis that is run, as `kernel axis=value`. */
export function notingCache(cache: PipelineCache, seen: Set<string>): PipelineCache {
  return {
    ...cache,
    pipeline: (kernel, choice) => {
      for (const value of valuesOf(kernel, choice)) seen.add(value);
      return cache.pipeline(kernel, choice);
    },
  };
}

/** Every value that a variant has on the axes of its kernel, as `kernel axis=value`. */
export function valuesOf(kernel: Kernel, { variants, aliases, overrides }: KernelChoice): string[] {
  const defaults = Object.fromEntries(Object.entries(kernel.overrides).map(([name, o]) => [name, o.default]));
  const all = { ...variants, ...aliases, ...defaults, ...overrides };
  return Object.entries(all).map(([axis, value]) => `${kernel.name} ${axis}=${value}`);
}
