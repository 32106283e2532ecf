/** softmax(q · keys) values in f64 for one head; q is scaled already. */
export function attentionReference(
  q: ArrayLike<number>,
  keys: readonly ArrayLike<number>[],
  values: readonly ArrayLike<number>[],
): Float64Array {
  const scores = keys.map((key) => Array.from(q).reduce((sum, v, d) => sum + v * (key[d] ?? 0), 0));
  const top = Math.max(...scores);
  const weights = scores.map((score) => Math.exp(score - top));
  const mass = weights.reduce((a, b) => a + b, 0);
  return Float64Array.from(q, (_, d) =>
    values.reduce((sum, value, t) => sum + ((weights[t] ?? 0) / mass) * (value[d] ?? 0), 0),
  );
}
