const decimal = new Intl.NumberFormat('en', { maximumFractionDigits: 1 });
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const UNITS = ['byte', 'kilobyte', 'megabyte', 'gigabyte', 'terabyte'] as const;

/** `1.2 MB`: decimal units, as disks and data plans are sold. */
export function formatBytes(bytes: number): string {
  const step = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log10(bytes) / 3));
  const unit = UNITS[step] ?? 'byte';
  const digits = step >= 2 ? 1 : 0;
  return new Intl.NumberFormat('en', {
    style: 'unit',
    unit,
    unitDisplay: 'short',
    maximumFractionDigits: digits,
  }).format(bytes / 1000 ** step);
}

export function formatCount(count: number): string {
  return whole.format(count);
}

export function formatSpeed(tokensPerSecond: number): string {
  return `${decimal.format(tokensPerSecond)} tok/s`;
}

/** `260 K`, `135 M`, `1.2 B` parameters. */
export function formatParameters(count: number): string {
  return new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 }).format(count);
}

/** The last letters of a peer id, enough to tell neighbours apart. */
export function formatPeer(peer: string): string {
  return `…${peer.slice(-6)}`;
}

export function formatTime(atMs: number): string {
  return new Intl.DateTimeFormat('en', { hour: '2-digit', minute: '2-digit', second: '2-digit', hour12: false }).format(
    atMs,
  );
}

/** `45 s`, `3 min`, `2.5 h`. */
export function formatDuration(seconds: number): string {
  if (seconds < 90) return `${whole.format(seconds)} s`;
  return seconds < 5400 ? `${whole.format(seconds / 60)} min` : `${decimal.format(seconds / 3600)} h`;
}
