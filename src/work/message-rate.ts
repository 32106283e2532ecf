import type { PeerId } from '../base/branded.ts';
import type { Clock } from '../base/clock.ts';
import { MAX_RATED_PEERS, MESSAGE_BURST, MESSAGES_PER_SECOND } from './constants.ts';

/** Token buckets, one a peer: true while the peer is within its rate. Memory is bounded. */
export function createMessageRate(clock: Pick<Clock, 'now'>): (peer: PeerId) => boolean {
  const buckets = new Map<PeerId, { level: number; atMs: number }>();
  return (peer) => {
    const nowMs = clock.now();
    const bucket = buckets.get(peer) ?? { level: MESSAGE_BURST, atMs: nowMs };
    const earned = (Math.max(0, nowMs - bucket.atMs) / 1000) * MESSAGES_PER_SECOND;
    const level = Math.min(MESSAGE_BURST, bucket.level + earned);
    // Deleted first, so that the map's order is that of the last message and the longest unheard is first.
    buckets.delete(peer);
    buckets.set(peer, { level: Math.max(0, level - 1), atMs: nowMs });
    if (buckets.size > MAX_RATED_PEERS)
      for (const oldest of buckets.keys()) return buckets.delete(oldest) && level >= 1;
    return level >= 1;
  };
}
