import type { PeerId } from '../base/branded.ts';
import { hasFailedOn, type RunningJob } from './job.ts';
import type { Candidate } from './ports.ts';

/** How near an adapter is to a peer's GPU. */
const ABSENT = 0;
const HELD = 1;
const WARM = 2;

/** Number of a record's adapter in its job; 0 for none. */
export function adapterOf({ adapters }: RunningJob, record: number): number {
  return adapters?.of[record] ?? 0;
}

/**
 * Notes that `peer` said it cannot have the adapter of `record`.
 *
 * @returns whether that says something; false if its own advert says that it has it
 */
export function markLacking(job: RunningJob, peer: PeerId, record: number, present: readonly Candidate[]): boolean {
  const adapter = adapterOf(job, record);
  const candidate = present.find((each) => each.peer === peer);
  if (candidate && nearnessOf(job, candidate, adapter) > ABSENT) return false;
  const numbers = job.lacking.get(peer) ?? new Set();
  job.lacking.set(peer, numbers.add(adapter));
  return true;
}

/** Whether the peer said so, and has not told since that it has it. */
export function isLacking(job: RunningJob, candidate: Candidate, adapter: number): boolean {
  return job.lacking.get(candidate.peer)?.has(adapter) === true && nearnessOf(job, candidate, adapter) === ABSENT;
}

/**
 * Which records `candidate` should be offered, for the sake of their adapters: not those whose adapter it lacks while
 * others might have it, nor those whose adapter is nearer to the GPU of another that has room; so an adapter is moved
 * once, and spreads when those that have it are busy.
 *
 * @param present all who serve the model
 * @param withRoom those of them who could be offered the record now or soon
 */
export function adapterFilter(
  job: RunningJob,
  candidate: Candidate,
  present: readonly Candidate[],
  withRoom: readonly Candidate[],
): (record: number) => boolean {
  if (!job.adapters) return () => true;
  // Looked up for many records, of few adapters.
  const nearer = new Map<number, readonly Candidate[] | 'lacking'>();
  const judge = (adapter: number) => {
    if (isLacking(job, candidate, adapter) && !present.every((other) => isLacking(job, other, adapter))) {
      return 'lacking';
    }
    const own = nearnessOf(job, candidate, adapter);
    return withRoom.filter((other) => nearnessOf(job, other, adapter) > own);
  };
  return (record) => {
    const adapter = adapterOf(job, record);
    if (adapter === 0) return true;
    const found = nearer.get(adapter) ?? judge(adapter);
    nearer.set(adapter, found);
    return found !== 'lacking' && found.every(({ peer }) => hasFailedOn(job, record, peer));
  };
}

function nearnessOf({ adapters }: RunningJob, candidate: Candidate, adapter: number): number {
  const root = adapters?.roots[adapter - 1];
  const held = candidate.adapters?.find((each) => each.root === root);
  if (!held) return ABSENT;
  return held.isWarm ? WARM : HELD;
}
