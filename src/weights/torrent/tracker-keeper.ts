import type { Torrent, TrackerLink } from 'webtorrent';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';

const CHECK_MS = 1000;
const FIRST_RETRY_MS = 2000;
const MAX_RETRY_MS = 30_000;

/**
 * Brings a lost tracker back soon: by itself the client waits 10 s to 5 min and doubles it (bittorrent-tracker 11,
 * `RECONNECT_VARIANCE`), and the tracker is how tabs find each other. Retries after 2 s, doubling to 30 s, with jitter, so
 * that a restarted operator is not met by everybody at once.
 *
 * @returns a function that stops it
 */
export function keepTrackers(torrent: Torrent, clock: Clock, random: Random): () => void {
  const retries = new Map<TrackerLink, { atMs: number; waitMs: number }>();
  return clock.every(CHECK_MS, () => {
    for (const link of torrent.discovery?.tracker?._trackers ?? []) {
      // `destroyed` is false while an attempt is under way; a second one would share its socket twice.
      if (!link.reconnecting) retries.delete(link);
      else if (link.destroyed) retry(link);
    }
  });

  function retry(link: TrackerLink): void {
    const nowMs = clock.now();
    const known = retries.get(link);
    const plan = known ?? { atMs: nowMs + FIRST_RETRY_MS * (0.5 + random.uniform()), waitMs: FIRST_RETRY_MS };
    retries.set(link, plan);
    if (nowMs < plan.atMs) return;
    const waitMs = Math.min(2 * plan.waitMs, MAX_RETRY_MS);
    retries.set(link, { atMs: nowMs + waitMs * (0.5 + random.uniform()), waitMs });
    clearTimeout(link.reconnectTimer);
    link._openSocket();
  }
}
