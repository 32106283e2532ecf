import { transferHandlers } from 'comlink';
import { invariant } from './invariant.ts';

interface ThrownError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
  readonly code: unknown;
  readonly details: unknown;
}

/** An error rebuilt on this side of a worker border: match on `name` and `code`. */
export class RealmError extends Error {
  readonly code: string | undefined;
  readonly details: unknown;

  constructor(thrown: ThrownError) {
    super(thrown.message);
    this.name = thrown.name;
    this.code = typeof thrown.code === 'string' ? thrown.code : undefined;
    this.details = thrown.details;
    if (thrown.stack !== undefined) this.stack = thrown.stack;
  }
}

/**
 * Makes comlink carry `code` and `details` of errors, which it drops by itself (comlink 4.4.2). Every worker entry and
 * every page that wraps a worker calls this first.
 */
export function installRealmErrors(): void {
  const comlinkThrow = transferHandlers.get('throw');
  invariant(comlinkThrow, 'comlink has a handler for thrown values');
  transferHandlers.set('throw', {
    canHandle: (value): value is { value: unknown } => comlinkThrow.canHandle(value),
    serialize: ({ value }: { value: unknown }) => [describeError(value), []],
    deserialize(thrown: ThrownError): never {
      throw new RealmError(thrown);
    },
  });
}

/** The clonable form of anything thrown. */
export function describeError(value: unknown): ThrownError {
  if (!(value instanceof Error)) {
    return { name: 'Error', message: String(value), stack: undefined, code: undefined, details: undefined };
  }
  const { code, details } = value as { code?: unknown; details?: unknown };
  return { name: value.name, message: value.message, stack: value.stack, code, details: clonable(details) };
}

function clonable(details: unknown): unknown {
  try {
    return structuredClone(details);
  } catch {
    return undefined;
  }
}
