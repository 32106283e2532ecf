/** What was done in a stretch of time; every number adds up. */
export interface Amounts {
  readonly tokens: number;
  /** Seconds in which this device was open to others. */
  readonly servedSeconds: number;
  /** Seconds in which something was computed. */
  readonly busySeconds: number;
  readonly fromPeersBytes: number;
  readonly fromWebSeedBytes: number;
  readonly uploadedBytes: number;
}

export const AMOUNTS = [
  'tokens',
  'servedSeconds',
  'busySeconds',
  'fromPeersBytes',
  'fromWebSeedBytes',
  'uploadedBytes',
] as const satisfies readonly (keyof Amounts)[];

export const NOTHING: Amounts = {
  tokens: 0,
  servedSeconds: 0,
  busySeconds: 0,
  fromPeersBytes: 0,
  fromWebSeedBytes: 0,
  uploadedBytes: 0,
};

/** Amounts of one minute or one day; `startMs` is its first millisecond since the Unix epoch. */
export interface Span extends Amounts {
  readonly startMs: number;
}

/** Spans in which something happened, oldest first. */
export interface History {
  readonly minutes: readonly Span[];
  readonly days: readonly Span[];
}

/** A day of minutes, and about a year of days: at most 200 KB. */
export const KEPT = { minutes: 1_440, days: 400 } as const;
const MINUTE_MS = 60_000;

/** The minute that a moment is in. */
export function minuteOf(atMs: number): number {
  return Math.floor(atMs / MINUTE_MS) * MINUTE_MS;
}

/** Local midnight before a moment: days are those of the person, 23 to 25 hours long. */
export function dayOf(atMs: number): number {
  return new Date(atMs).setHours(0, 0, 0, 0);
}

export function add(a: Amounts, b: Amounts): Amounts {
  const sum = { ...NOTHING };
  for (const name of AMOUNTS) sum[name] = a[name] + b[name];
  return sum;
}

/** What was added since, of counters that only grow; one that fell began anew and counts from nothing. */
export function since(before: Amounts, now: Amounts): Amounts {
  const grown = { ...NOTHING };
  for (const name of AMOUNTS) grown[name] = now[name] >= before[name] ? now[name] - before[name] : now[name];
  return grown;
}
