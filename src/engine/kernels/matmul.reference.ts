import { dequantise } from '../model/dequantise.reference.ts';
import type { TensorType } from '../../weights/index.ts';

/** W x in f64 for W of (rows, x.length) as a GGUF file holds it. */
export function matmulReference(type: TensorType, weights: Uint8Array, x: ArrayLike<number>): Float64Array {
  const w = dequantise(type, weights);
  const k = x.length;
  return Float64Array.from({ length: w.length / k }, (_, row) => {
    let sum = 0;
    for (let i = 0; i < k; i++) sum += (w[row * k + i] ?? 0) * (x[i] ?? 0);
    return sum;
  });
}

/** silu(gate) · up where the first half of `sums` is the gate. */
export function swigluReference(sums: Float64Array): Float64Array {
  const n = sums.length / 2;
  return Float64Array.from({ length: n }, (_, i) => {
    const gate = sums[i] ?? 0;
    return (gate / (1 + Math.exp(-gate))) * (sums[n + i] ?? 0);
  });
}
