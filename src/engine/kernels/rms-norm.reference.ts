/** x / sqrt(mean(x²) + epsilon) · gain in f64. */
export function rmsNormReference(x: ArrayLike<number>, gain: ArrayLike<number>, epsilon: number): Float64Array {
  const row = Float64Array.from(x);
  const mean = row.reduce((sum, v) => sum + v * v, 0) / row.length;
  return row.map((v, i) => (v / Math.sqrt(mean + epsilon)) * (gain[i] ?? 0));
}
