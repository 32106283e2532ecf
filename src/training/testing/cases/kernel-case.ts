import { createRandom, type Random } from '../../../base/random.ts';
import type { Kernel, KernelChoice } from '../../../gpu/index.ts';

type Numbers = Uint32Array<ArrayBuffer> | Float32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>;

/** One dispatch of a kernel and what it must leave. */
export interface KernelCase {
  /** What is special about it. */
  readonly name: string;
  readonly kernel: Kernel;
  readonly choice: KernelChoice;
  readonly params: Readonly<Record<string, number>>;
  /** Contents of the bindings, outputs as they are before. */
  readonly buffers: readonly Numbers[];
  readonly workgroups: readonly [number, number];
  /** Contents afterwards, by the binding's index from 0, in f64. */
  readonly expected: Readonly<Record<number, ArrayLike<number>>>;
}

/** Uniform in ±size, as f32. */
export function uniform(random: Random, length: number, size = 1): Float32Array<ArrayBuffer> {
  return Float32Array.from({ length }, () => (2 * random.uniform() - 1) * size);
}

/** Entries of `BatchBuffers.rows` for segments of these lengths: (token, position, first row of the segment, listed row). */
export function rowTable(lengths: readonly number[]): Uint32Array<ArrayBuffer> {
  const random = createRandom(lengths.length);
  const rows: number[][] = [];
  for (const length of lengths) {
    const start = rows.length;
    for (let i = 0; i < length; i++) rows.push([random.below(9), i, start, 0]);
  }
  return Uint32Array.from(rows.flat());
}
