/** Frames between two reports: half a second at 60 a second. */
const FRAMES = 30;
/** A hidden page draws nothing; its long pause is no slow frame. */
const PAUSE_MS = 1_000;

/** Tells the 90th percentile of the page's last 30 frame times, as long as it runs. */
export function createFrameWatch(onReport: (p90Ms: number) => void): { start(): void; stop(): void } {
  let gaps: number[] = [];
  let request: number | undefined;
  let beforeMs = 0;
  const look = (nowMs: number) => {
    const gap = nowMs - beforeMs;
    if (beforeMs > 0 && gap < PAUSE_MS) gaps.push(gap);
    beforeMs = nowMs;
    if (gaps.length === FRAMES) {
      onReport(ninetieth(gaps));
      gaps = [];
    }
    request = requestAnimationFrame(look);
  };
  return {
    start() {
      request ??= requestAnimationFrame(look);
    },
    stop() {
      if (request !== undefined) cancelAnimationFrame(request);
      request = undefined;
      beforeMs = 0;
      gaps = [];
    },
  };
}

function ninetieth(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length * 0.9)] ?? 0;
}
