/**
 * The parent of every named error of Starling: one subclass a domain, a closed union of `code`s, typed `details`.
 *
 * Match with `instanceof` inside a realm and on `name` + `code` across realms (see `realm-errors.ts`). Cancellation is
 * never an `AppError`: it is the standard `AbortError`.
 */
export abstract class AppError<Code extends string = string, Details = unknown> extends Error {
  /** Written out in every subclass: a minifier renames classes, and names must survive it. */
  abstract override readonly name: string;
  readonly code: Code;
  readonly details: Details;

  /** @param message what happened, the value, the limit and the next step; lower case, the domain first */
  constructor(code: Code, message: string, details: Details, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.details = details;
  }
}

/** True for the standard cancellation error, whichever realm it came from. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
