import { Presets, SingleBar } from 'cli-progress';

export interface ProgressLine {
  update(doneBytes: number, totalBytes: number | undefined): void;
  stop(): void;
}

const MIB = 1024 * 1024;

/** A bar on a terminal; on a log file one line for every tenth. */
export function createProgressLine(title: string, write: (line: string) => void): ProgressLine {
  if (!process.stdout.isTTY) return createPlainLine(title, write);
  const bar = new SingleBar(
    {
      format: `${title} [{bar}] {percentage}% of {total} MiB, {eta_formatted} left`,
      stopOnComplete: false,
      hideCursor: true,
    },
    Presets.shades_classic,
  );
  let isStarted = false;
  return {
    update(doneBytes, totalBytes) {
      const total = Math.max(1, Math.round((totalBytes ?? doneBytes) / MIB));
      if (!isStarted) bar.start(total, 0);
      isStarted = true;
      bar.setTotal(total);
      bar.update(Math.round(doneBytes / MIB));
    },
    stop: () => bar.stop(),
  };
}

function createPlainLine(title: string, write: (line: string) => void): ProgressLine {
  let lastTenth = 0;
  return {
    update(doneBytes, totalBytes) {
      const tenth = totalBytes ? Math.floor((10 * doneBytes) / totalBytes) : 0;
      if (tenth <= lastTenth) return;
      lastTenth = tenth;
      write(`${title}: ${tenth * 10} %`);
    },
    stop: () => undefined,
  };
}
