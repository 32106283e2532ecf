/**
 * Timers for the page. A hidden page's own timers run once a second or not at all; a worker's keep time, and heartbeats
 * that other people's leases stand on are due every five seconds (reference p2p-stack, section 6).
 */

interface ClockRequest {
  readonly id: number;
  /** 0 cancels. */
  readonly delayMs: number;
  readonly repeat: boolean;
}

const cancels = new Map<number, () => void>();

addEventListener('message', ({ data }: MessageEvent<ClockRequest>) => {
  cancels.get(data.id)?.();
  cancels.delete(data.id);
  if (data.delayMs <= 0) return;
  const fire = () => postMessage(data.id);
  if (data.repeat) {
    const timer = setInterval(fire, data.delayMs);
    cancels.set(data.id, () => clearInterval(timer));
  } else {
    const timer = setTimeout(fire, data.delayMs);
    cancels.set(data.id, () => clearTimeout(timer));
  }
});
