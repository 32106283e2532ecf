import cliProgress from 'cli-progress';

/** Shows how far one long task is. */
export interface ProgressBar {
  update(doneBytes: number, sizeBytes: number | undefined): void;
  end(): void;
}

export type StartProgress = (label: string) => ProgressBar;

const EVERY_MS = 5_000;

export const silentProgress: StartProgress = () => ({ update: () => undefined, end: () => undefined });

/** A bar where a person looks on, else a line every few seconds. */
export function createProgress(stream: NodeJS.WriteStream): StartProgress {
  return stream.isTTY ? (label) => startBar(label, stream) : (label) => startLines(label, stream);
}

function startBar(label: string, stream: NodeJS.WriteStream): ProgressBar {
  const bar = new cliProgress.SingleBar({
    stream,
    format: `  ${label} {bar} {percentage} % · {done} of {size} · {rate}/s`,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    hideCursor: true,
    clearOnComplete: true,
    stopOnComplete: false,
    gracefulExit: false,
  });
  const startedAtMs = performance.now();
  let first: number | undefined;
  bar.start(1, 0, { done: '0 B', size: '?', rate: '0 B' });
  return {
    update(doneBytes, sizeBytes) {
      first ??= doneBytes;
      const seconds = (performance.now() - startedAtMs) / 1000;
      bar.setTotal(sizeBytes ?? Math.max(1, doneBytes * 2));
      bar.update(doneBytes, {
        done: formatBytes(doneBytes),
        size: sizeBytes === undefined ? 'unknown size' : formatBytes(sizeBytes),
        rate: formatBytes(seconds > 0 ? (doneBytes - first) / seconds : 0),
      });
    },
    end: () => bar.stop(),
  };
}

function startLines(label: string, stream: NodeJS.WritableStream): ProgressBar {
  let shownAtMs = performance.now();
  return {
    update(doneBytes, sizeBytes) {
      const nowMs = performance.now();
      if (nowMs - shownAtMs < EVERY_MS) return;
      shownAtMs = nowMs;
      const of = sizeBytes ? ` of ${formatBytes(sizeBytes)} (${Math.floor((100 * doneBytes) / sizeBytes)} %)` : '';
      stream.write(`  ${label}: ${formatBytes(doneBytes)}${of}\n`);
    },
    end: () => undefined,
  };
}

/** E.g. `138.1 MiB`. */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  for (; value >= 1024 && unit < units.length - 1; unit++) value /= 1024;
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit] ?? ''}`;
}
