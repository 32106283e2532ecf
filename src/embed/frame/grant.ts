import {
  boolean,
  integer,
  minValue,
  number,
  object,
  optional,
  pipe,
  safeParse,
  string,
  type InferOutput,
} from 'valibot';

const time = pipe(number(), integer(), minValue(0));

const schema = object({
  site: string(),
  origin: string(),
  textVersion: string(),
  /** Ceiling of the GPU's time for others' work, 0 to 1. */
  share: number(),
  /** Others' work too, not only this page's characters. */
  isShared: boolean(),
  /** Other people's devices may answer this page's questions, and read them. */
  asksOthers: boolean(),
  /** Noted on Starling's own site too: once it is no longer, it is no grant. */
  isNoted: optional(boolean()),
  atMs: time,
  expiresAtMs: time,
});
/** What a person agreed to by a click in the frame: for one site, on one device, for a while. */
export type Grant = InferOutput<typeof schema>;

/** Who a grant must have been given to, and by which text. */
export interface GrantScope {
  readonly site: string;
  readonly origin: string;
  readonly textVersion: string;
}

export const VISIT_MS = 12 * 3_600_000;
export const MONTH_MS = 30 * 86_400_000;
/** A clock may be corrected by a little; a grant from the future is no grant. */
const CLOCK_LEEWAY_MS = 60_000;

/** Whether it holds now. A clock that was set, either way, ends it: people are asked again rather than not asked. */
export function isValid(grant: Grant, scope: GrantScope, nowMs: number): boolean {
  return (
    grant.site === scope.site &&
    grant.origin === scope.origin &&
    grant.textVersion === scope.textVersion &&
    grant.atMs <= nowMs + CLOCK_LEEWAY_MS &&
    nowMs < grant.expiresAtMs &&
    grant.expiresAtMs - grant.atMs <= MONTH_MS
  );
}

/** Where a grant outlives the visit: only where the person asked for that. */
export interface GrantStore {
  read(): Grant | undefined;
  write(grant: Grant): void;
  clear(): void;
}

const KEY = 'starling-grant';

/** The browser keeps it apart for each site that shows the frame; where it forbids storage, a grant is for the visit. */
export function createGrantStore(storage: () => Storage): GrantStore {
  const attempt = <T>(run: () => T): T | undefined => {
    try {
      return run();
    } catch {
      return undefined; // Forbidden, full, or not a grant.
    }
  };
  return {
    read() {
      const parsed = safeParse(
        schema,
        attempt(() => JSON.parse(storage().getItem(KEY) ?? 'null') as unknown),
      );
      return parsed.success ? parsed.output : undefined;
    },
    write: (grant) => attempt(() => storage().setItem(KEY, JSON.stringify(grant))),
    clear: () => attempt(() => storage().removeItem(KEY)),
  };
}
