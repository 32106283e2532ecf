/** The lowest index of the greatest value. */
export function argmaxReference(values: ArrayLike<number>): number {
  const all = Array.from(values);
  return all.indexOf(Math.max(...all));
}
