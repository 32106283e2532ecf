import { language } from './words/words.ts';

/** Of a thousand bytes and more: nothing that is shown here is smaller. */
const UNITS = ['kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;
const made = new Map<string, Intl.NumberFormat>();

/** Made once a language and kind: making one takes longer than using it a thousand times. */
function numbers(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = language() + JSON.stringify(options);
  const known = made.get(key) ?? new Intl.NumberFormat(language(), options);
  made.set(key, known);
  return known;
}

/** `1.2 MB`: decimal units, as disks and data plans are sold. */
export function formatBytes(bytes: number): string {
  const step = bytes < 1000 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3) - 1);
  const unit = UNITS[step] ?? 'kilobyte';
  const maximumFractionDigits = step > 0 ? 1 : 0;
  const format = numbers({ style: 'unit', unit, unitDisplay: 'short', maximumFractionDigits });
  return format.format(bytes / 1000 ** (step + 1));
}

export function formatCount(count: number): string {
  return numbers({ maximumFractionDigits: 0 }).format(count);
}

/** `1.5`, or with a fixed number of digits, for columns and losses. */
export function formatDecimal(value: number, digits?: number): string {
  return numbers({ minimumFractionDigits: digits ?? 0, maximumFractionDigits: digits ?? 1 }).format(value);
}

export function formatSpeed(tokensPerSecond: number): string {
  return `${formatDecimal(tokensPerSecond)} tok/s`;
}

/** `260 K`, `135 M`, `1.2 B` parameters. */
export function formatParameters(count: number): string {
  return numbers({ notation: 'compact', maximumFractionDigits: 1 }).format(count);
}

/** The last letters of a peer id, enough to tell neighbours apart. */
export function formatPeer(peer: string): string {
  return `…${peer.slice(-6)}`;
}

export function formatTime(atMs: number): string {
  return new Intl.DateTimeFormat(language(), {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hour12: false,
  }).format(atMs);
}

/** `0.4 s`: what somebody waited for. */
export function formatSeconds(ms: number): string {
  return `${formatDecimal(ms / 1_000, 1)} s`;
}

/** `45 s`, `3 min`, `2.5 h`. */
export function formatDuration(seconds: number): string {
  if (seconds < 90) return `${formatCount(seconds)} s`;
  return seconds < 5400 ? `${formatCount(seconds / 60)} min` : `${formatDecimal(seconds / 3600)} h`;
}

/** `21 Nov`. */
export function formatDay(atMs: number): string {
  return new Intl.DateTimeFormat(language(), { day: 'numeric', month: 'short' }).format(atMs);
}

/** `14:05`. */
export function formatMinute(atMs: number): string {
  return new Intl.DateTimeFormat(language(), { hour: '2-digit', minute: '2-digit', hour12: false }).format(atMs);
}
