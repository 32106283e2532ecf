import type { LowRankPair } from '../adapters/adapter-weights.ts';

/** A x in f64: (rank). */
export function shrinkReference({ rank, a }: LowRankPair, x: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: rank }, (_, r) => {
    let sum = 0;
    for (let k = 0; k < x.length; k++) sum += (a[r * x.length + k] ?? 0) * (x[k] ?? 0);
    return sum;
  });
}

/** scale · B t in f64: (outputs). */
export function expandReference({ rank, scale, b }: LowRankPair, t: ArrayLike<number>): Float64Array {
  return Float64Array.from({ length: b.length / rank }, (_, n) => {
    let sum = 0;
    for (let r = 0; r < rank; r++) sum += (b[n * rank + r] ?? 0) * (t[r] ?? 0);
    return scale * sum;
  });
}
