import type { Embedding } from '../embedding.ts';
import { CALM, type Signals } from './signals.ts';

/** What this browser tells about the device, looked at only between `start` and `stop`. */
export interface SignalWatcher {
  start(): void;
  stop(): void;
  now(): Signals;
}

interface Battery extends EventTarget {
  readonly level: number;
  readonly charging: boolean;
}

interface PressureRecord {
  readonly state: Exclude<Signals['pressure'], undefined>;
}

/** APIs that not every browser has, and that TypeScript's library therefore leaves out. */
interface Uneven {
  readonly PressureObserver?: new (onRecords: (records: readonly PressureRecord[]) => void) => {
    observe(source: 'cpu', options: { readonly sampleInterval: number }): Promise<void>;
    disconnect(): void;
  };
  readonly navigator: {
    readonly connection?: { readonly saveData?: boolean; readonly type?: string };
    getBattery?(): Promise<Battery>;
  };
}

const INPUTS = ['pointermove', 'pointerdown', 'keydown', 'wheel', 'touchstart'] as const;
const PRESSURE_PERIOD_MS = 1_000;

/**
 * Battery Status (Chromium), Compute Pressure (Chromium on desktops), Network Information (Chromium), page visibility and
 * input everywhere. What a browser lacks stays undefined, and the governor goes by the rest.
 */
export function createSignalWatcher(now: () => number, embedding?: Embedding): SignalWatcher {
  const browser = globalThis as unknown as Uneven;
  let battery: Battery | undefined;
  let pressure: Signals['pressure'];
  let touchedMs = now();
  let ends: (() => void)[] = [];
  const touched = () => (touchedMs = now());

  return {
    start() {
      if (ends.length > 0) return;
      touched();
      for (const name of INPUTS) window.addEventListener(name, touched, { passive: true });
      ends = [() => INPUTS.forEach((name) => window.removeEventListener(name, touched))];
      browser.navigator.getBattery?.().then(
        (found) => (battery = found),
        () => undefined,
      );
      if (!browser.PressureObserver) return;
      const observer = new browser.PressureObserver((records) => (pressure = records.at(-1)?.state));
      observer.observe('cpu', { sampleInterval: PRESSURE_PERIOD_MS }).catch(() => undefined);
      ends.push(() => observer.disconnect());
    },
    stop() {
      for (const end of ends) end();
      ends = [];
      pressure = undefined;
    },
    now: () => ({
      ...CALM,
      battery: battery && { level: battery.level, isCharging: battery.charging },
      pressure,
      // No grant, no work: whatever else says.
      siteShare: embedding && (embedding.mayWork() ? embedding.siteShare : 0),
      isEmbedded: embedding !== undefined,
      frames: embedding?.frames(),
      isHidden: document.visibilityState === 'hidden',
      isMetered: browser.navigator.connection?.saveData === true || browser.navigator.connection?.type === 'cellular',
      idleMs: now() - touchedMs,
      hour: new Date(now()).getHours(),
    }),
  };
}
