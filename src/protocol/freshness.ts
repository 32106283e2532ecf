import { bytesToHex } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import { ProtocolError } from './errors.ts';
import { MAX_CLOCK_SKEW_MS, MAX_MESSAGE_AGE_MS } from './limits.ts';

export interface FreshnessGuard {
  /**
   * Accepts a message once.
   *
   * @param atMs the sender's clock, signed with the message
   * @param nonce unique to the message, signed with it
   * @throws {ProtocolError} `expired`, `from-the-future` or `replayed`
   */
  admit(author: Uint8Array, atMs: number, nonce: Uint8Array): void;
}

// At 100 bytes an entry, 65,536 remembered messages take about 6 MiB; the oldest are forgotten first.
const MAX_REMEMBERED = 65_536;
// A message from as far ahead as may be stays fresh for both together.
const REMEMBER_MS = MAX_MESSAGE_AGE_MS + MAX_CLOCK_SKEW_MS;

/** Refuses messages that are old, from the future, or seen before. Memory is bounded. */
export function createFreshnessGuard(clock: Pick<Clock, 'now'>): FreshnessGuard {
  const seen = new Map<string, number>();
  return {
    admit(author, atMs, nonce) {
      const nowMs = clock.now();
      if (atMs > nowMs + MAX_CLOCK_SKEW_MS) {
        throw new ProtocolError('from-the-future', `protocol: message is ${atMs - nowMs} ms ahead of this clock`, {});
      }
      if (atMs < nowMs - MAX_MESSAGE_AGE_MS) {
        throw new ProtocolError('expired', `protocol: message is ${nowMs - atMs} ms old`, {});
      }
      for (const [id, at] of seen) {
        if (at >= nowMs - REMEMBER_MS && seen.size <= MAX_REMEMBERED) break;
        seen.delete(id);
      }
      const id = `${bytesToHex(author)}:${bytesToHex(nonce)}`;
      if (seen.has(id)) throw new ProtocolError('replayed', 'protocol: message was seen before', {});
      seen.set(id, nowMs);
    },
  };
}
