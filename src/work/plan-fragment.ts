import type { PeerId } from '../base/branded.ts';
import { FAIR_SHARES } from './constants.ts';
import { hasFailedOn, isSuspect, shareLeft, wasShown, type RunningJob } from './job.ts';

/** What bounds one fragment. */
export interface FragmentBounds {
  readonly peer: PeerId;
  /** Peers that could take work of the job now or soon, this one included. */
  readonly candidates: readonly PeerId[];
  readonly budget: { readonly records: number; readonly cost: number };
  /** Whether MAX_PEER_SHARE holds for this peer now. */
  readonly isCapped: boolean;
  /** What else must hold of a record for this peer. */
  readonly isFor?: (record: number) => boolean;
}

/**
 * Takes the records of the next fragment out of the job's queue; none if no record suits the peer.
 *
 * At most a fair fraction of what remains, at most what the peer computes in the target time (but one record at least),
 * none that failed there before while others could be asked or that is not for it, and a suspect record alone.
 */
export function planFragment(job: RunningJob, bounds: FragmentBounds): number[] {
  const { peer, candidates, budget, isCapped, isFor = () => true } = bounds;
  const fair = Math.ceil(job.queue.size / (FAIR_SHARES * Math.max(1, candidates.length)));
  const limit = Math.min(budget.records, fair);
  const records: number[] = [];
  let cost = 0;
  let unseen = isCapped ? shareLeft(job, peer) : Number.POSITIVE_INFINITY;
  const suits = (record: number) => {
    if (hasFailedOn(job, record, peer) && candidates.some((other) => !hasFailedOn(job, record, other))) return false;
    if (!isFor(record)) return false;
    if (unseen <= 0 && !wasShown(job, peer, record)) return false;
    if (records.length === 0) return true;
    return cost + (job.costs[record] ?? 0) <= budget.cost && !isSuspect(job, record);
  };
  while (records.length < limit) {
    const record = job.queue.take(suits);
    if (record === undefined) break;
    if (!wasShown(job, peer, record)) unseen -= 1;
    cost += job.costs[record] ?? 0;
    records.push(record);
    if (isSuspect(job, record)) break;
  }
  return records;
}
