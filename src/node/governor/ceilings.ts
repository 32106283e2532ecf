import type { Limits, Signals, When } from './signals.ts';

/** What holds the duty down. The order breaks ties: the first named is the one that a person can do most about. */
export const CAUSES = [
  'person',
  'schedule',
  'battery',
  'in-use',
  'data-cap',
  'metered',
  'site',
  'hidden',
  'pressure',
  'contention',
  'frames',
] as const;
export type Cause = (typeof CAUSES)[number];

/** Each cause's ceiling now, 0 to 1, from this moment's signals alone; what needs time is in `duty-governor.ts`. */
export type Ceilings = Readonly<Record<Exclude<Cause, 'frames' | 'contention'>, number>>;

const LOWEST_BATTERY = 0.5;
const BATTERY_SHARE = 0.5;
const METERED_SHARE = 0.25;
const IDLE_AFTER_MS = 60_000;
/** A fixed piece of work that takes this much longer shares the GPU with something, or the GPU is hot. */
const SLOWDOWN = 1.4;
const PRESSURE_SHARE = { nominal: 1, fair: 0.7, serious: 0.3, critical: 0 } as const;

/** Where a signal is missing, the person's own limit stands alone. */
export function ceilingsOf(limits: Limits, signals: Signals): Ceilings {
  const { battery, pressure } = signals;
  return {
    person: limits.share,
    schedule: isWithin(limits.when, signals.hour) ? 1 : 0,
    battery: battery && !battery.isCharging ? batteryShare(limits.when, battery.level) : 1,
    'in-use': limits.when.kind === 'idle' && signals.idleMs < IDLE_AFTER_MS ? 0 : 1,
    'data-cap': limits.dataCapBytes !== undefined && signals.dataUsedBytes >= limits.dataCapBytes ? 0 : 1,
    metered: signals.isMetered ? METERED_SHARE : 1,
    site: signals.siteShare ?? 1,
    hidden: signals.isHidden && signals.isEmbedded ? 0 : 1,
    pressure: pressure ? PRESSURE_SHARE[pressure] : 1,
  };
}

export function isSlowedDown({ slowdown }: Signals): boolean {
  return slowdown !== undefined && slowdown > SLOWDOWN;
}

function batteryShare(when: When, level: number): number {
  return when.kind === 'always' && level >= LOWEST_BATTERY ? BATTERY_SHARE : 0;
}

function isWithin(when: When, hour: number): boolean {
  if (when.kind !== 'hours') return true;
  const { from, to } = when;
  return from <= to ? from <= hour && hour < to : hour >= from || hour < to;
}
