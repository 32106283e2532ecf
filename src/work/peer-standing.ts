import type { PeerId } from '../base/branded.ts';
import type { Clock } from '../base/clock.ts';
import {
  ASSUMED_TOKENS_PER_SECOND,
  BUSY_BACKOFF_MS,
  FAULT_BACKOFF_MS,
  FIRST_FRAGMENT_RECORDS,
  MAX_BACKOFF_MS,
  MAX_RATED_PEERS,
  MAX_WORK_FRAGMENT_RECORDS,
  TARGET_FRAGMENT_MS,
} from './constants.ts';
import type { Candidate } from './ports.ts';

/** What is known of the peers from working with them: when to ask again, and for how much. Nobody is punished. */
export interface PeerStandings {
  isWaiting(peer: PeerId): boolean;
  /** Three refusals or failures in a row: it is listed, but does not really serve. */
  isUnreliable(peer: PeerId): boolean;
  /** It declined or failed; waits double with each in a row. */
  strike(peer: PeerId, kind: 'busy' | 'fault'): void;
  /** It gave an answer: all is forgiven. */
  forgive(peer: PeerId): void;
  /** What one fragment may hold: records, and cost in tokens that should take TARGET_FRAGMENT_MS there. */
  budget(candidate: Candidate): { readonly records: number; readonly cost: number };
  /** A fragment of `cost` was computed completely in `elapsedMs`. */
  learn(peer: PeerId, cost: number, elapsedMs: number): void;
}

interface Standing {
  strikes: number;
  notBeforeMs: number;
  /** Cost that took about TARGET_FRAGMENT_MS; undefined before the first complete fragment. */
  pace: number | undefined;
}

export function createPeerStandings(clock: Pick<Clock, 'now'>): PeerStandings {
  const standings = new Map<PeerId, Standing>();
  const of = (peer: PeerId): Standing => {
    const standing = standings.get(peer) ?? { strikes: 0, notBeforeMs: 0, pace: undefined };
    standings.delete(peer);
    standings.set(peer, standing);
    if (standings.size > MAX_RATED_PEERS) for (const oldest of standings.keys()) if (standings.delete(oldest)) break;
    return standing;
  };
  return {
    isWaiting: (peer) => (standings.get(peer)?.notBeforeMs ?? 0) > clock.now(),
    isUnreliable: (peer) => (standings.get(peer)?.strikes ?? 0) >= 3,
    strike(peer, kind) {
      const standing = of(peer);
      const first = kind === 'busy' ? BUSY_BACKOFF_MS : FAULT_BACKOFF_MS;
      const waitMs = Math.min(MAX_BACKOFF_MS, first * 2 ** Math.min(standing.strikes, 10));
      standing.strikes += 1;
      standing.notBeforeMs = clock.now() + waitMs;
    },
    forgive(peer) {
      const standing = of(peer);
      standing.strikes = 0;
      standing.notBeforeMs = 0;
    },
    budget({ peer, tokensPerSecond }) {
      const pace = standings.get(peer)?.pace;
      if (pace !== undefined) return { records: MAX_WORK_FRAGMENT_RECORDS, cost: pace };
      const speed = tokensPerSecond > 0 ? tokensPerSecond : ASSUMED_TOKENS_PER_SECOND;
      return { records: FIRST_FRAGMENT_RECORDS, cost: (speed * TARGET_FRAGMENT_MS) / 1000 };
    },
    learn(peer, cost, elapsedMs) {
      // At most doubled or halved at a time: one odd fragment must not decide.
      const factor = Math.min(2, Math.max(0.5, TARGET_FRAGMENT_MS / Math.max(1, elapsedMs)));
      of(peer).pace = Math.max(1, cost * factor);
    },
  };
}
