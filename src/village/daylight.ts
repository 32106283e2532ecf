export type TimeOfDay = 'night' | 'dawn' | 'day' | 'dusk';

export interface Daylight {
  readonly name: TimeOfDay;
  /** 0 in full light, 1 in the dead of night. */
  readonly darkness: number;
  /** 0 to 1: how much of the low sun's colour lies on everything. */
  readonly glow: number;
}

export const DAY_MINUTES = 1_440;
/** A day of the village in milliseconds. */
export const DAY_MS = 150_000;

const SUNRISE = 6 * 60;
const SUNSET = 19 * 60;
/** Dawn and dusk last this long before and after the sun's edge. */
const TWILIGHT = 75;

/** @param minute of the day, 0 to 1440 */
export function daylightAt(minute: number): Daylight {
  const fromRise = minute - SUNRISE;
  const fromSet = minute - SUNSET;
  const rising = Math.abs(fromRise) < TWILIGHT;
  const setting = Math.abs(fromSet) < TWILIGHT;
  const glow = rising ? 1 - Math.abs(fromRise) / TWILIGHT : setting ? 1 - Math.abs(fromSet) / TWILIGHT : 0;
  const sun = rising
    ? (fromRise / TWILIGHT + 1) / 2
    : setting
      ? (1 - fromSet / TWILIGHT) / 2
      : fromRise > 0 && fromSet < 0
        ? 1
        : 0;
  return { name: rising ? 'dawn' : setting ? 'dusk' : sun === 1 ? 'day' : 'night', darkness: 1 - sun, glow };
}

/** E.g. "07:05". */
export function clockText(minute: number): string {
  const whole = Math.floor(minute) % DAY_MINUTES;
  return [Math.floor(whole / 60), whole % 60].map((part) => String(part).padStart(2, '0')).join(':');
}
