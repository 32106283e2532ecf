/** Thrown when our own code broke a promise to itself; the world's faults are `AppError`s. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** Narrows `condition`, or stops at once: a broken invariant is our bug and is never handled. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}

/** Returns `value` where our own reasoning says that it is there. */
export function present<T>(value: T | null | undefined, what: string): T {
  invariant(value !== null && value !== undefined, `missing: ${what}`);
  return value;
}
