import type { JobId, ModelRoot, PeerId } from '../base/branded.ts';
import { createRandom } from '../base/random.ts';
import { MAX_PEER_SHARE, MAX_RECORD_FAULTS, MAX_RECORD_LOSSES, POISON_PEERS } from './constants.ts';
import type { JobAdapters, JobHead, JobPlan } from './job-schema.ts';
import { createRecordQueue, type RecordQueue } from './record-queue.ts';

/** Where a record is; `returned` to `queued` by every end of a lease but an answer. */
export const QUEUED = 0;
export const OUT = 1;
export const SETTLED = 2;

/** What failed on the way of one record; records without trouble have no entry. */
interface Trouble {
  /** Peers on which it failed or was lost. */
  readonly peers: Set<PeerId>;
  /** Peers who say that the record itself is at fault. */
  readonly accusers: Set<PeerId>;
  faults: number;
  losses: number;
}

/** Records that one peer was shown, as a bit each. */
interface Shown {
  readonly bits: Uint8Array;
  count: number;
}

/** A running job: about 5 bytes a record in memory, whatever the records hold. */
export interface RunningJob {
  readonly id: JobId;
  readonly root: ModelRoot;
  readonly only: PeerId | undefined;
  readonly costs: Uint32Array;
  /** Beginning of all its leases' ids: what arrives for it after a reload is known to be late, not false. */
  readonly leaseTag: string;
  readonly queue: RecordQueue;
  /** QUEUED, OUT or SETTLED by record. */
  readonly places: Uint8Array;
  readonly shown: Map<PeerId, Shown>;
  readonly troubles: Map<number, Trouble>;
  /** Undefined if no record has one. */
  readonly adapters: JobAdapters | undefined;
  /** Numbers of the adapters that each peer said it cannot have. */
  readonly lacking: Map<PeerId, Set<number>>;
  /** Counted as the job goes; kept in its head. */
  readonly tally: { done: number; failed: number; reissues: number; duplicates: number; leased: number };
  readonly byPeer: Map<PeerId, number>;
  /** When something of the job was last in flight. */
  liveAtMs: number;
}

/**
 * @param settled records that need no more computing, the refused lines among them
 * @param nowMs when it starts
 */
export function createRunningJob(
  head: JobHead & { readonly root: string },
  { costs, adapters }: JobPlan,
  settled: Uint8Array,
  nowMs: number,
): RunningJob {
  const open = Uint32Array.from([...costs.keys()].filter((record) => settled[record] !== SETTLED));
  return {
    id: head.id as JobId,
    root: head.root as ModelRoot,
    only: head.only === null ? undefined : (head.only as PeerId),
    costs,
    leaseTag: createRandom(head.key).u32().toString(16).padStart(8, '0'),
    queue: createRecordQueue(open, head.key),
    places: settled,
    shown: new Map(),
    troubles: new Map(),
    adapters,
    lacking: new Map(),
    tally: {
      done: head.recordsDone,
      failed: head.recordsFailed,
      reissues: head.reissues + head.leased,
      duplicates: head.duplicates,
      leased: 0,
    },
    byPeer: new Map(head.byPeer.map(([peer, records]) => [peer as PeerId, records])),
    liveAtMs: nowMs,
  };
}

/** Remembers that `peer` was shown `record`. */
export function markShown(job: RunningJob, peer: PeerId, record: number): void {
  let shown = job.shown.get(peer);
  if (!shown) {
    shown = { bits: new Uint8Array(Math.ceil(job.costs.length / 8)), count: 0 };
    job.shown.set(peer, shown);
  }
  if (wasShown(job, peer, record)) return;
  shown.bits[record >> 3] = (shown.bits[record >> 3] ?? 0) | (1 << (record & 7));
  shown.count += 1;
}

export function wasShown(job: RunningJob, peer: PeerId, record: number): boolean {
  return ((job.shown.get(peer)?.bits[record >> 3] ?? 0) & (1 << (record & 7))) !== 0;
}

/** How many more records `peer` may be shown while others serve too; two peers can always share a job. */
export function shareLeft(job: RunningJob, peer: PeerId): number {
  const total = job.costs.length;
  const share = Math.max(Math.ceil(total / 2), Math.floor(total * MAX_PEER_SHARE));
  return Math.max(0, share - (job.shown.get(peer)?.count ?? 0));
}

export type Verdict = 'again' | 'poisoned' | 'gave-up' | 'record-fault' | 'adapter-unavailable';

/**
 * Notes that `record` failed on `peer` and says what becomes of it.
 *
 * @param kind `lost`: the lease ended without it; `fault`: the peer says so; `own-fault`: and blames the record
 * @param isAlone no other peer could be asked to confirm
 */
export function judgeFailure(
  job: RunningJob,
  record: number,
  peer: PeerId,
  kind: 'lost' | 'fault' | 'own-fault',
  isAlone: boolean,
): Verdict {
  const trouble = job.troubles.get(record) ?? { peers: new Set(), accusers: new Set(), faults: 0, losses: 0 };
  job.troubles.set(record, trouble);
  trouble.peers.add(peer);
  if (kind === 'lost') trouble.losses += 1;
  else trouble.faults += 1;
  if (kind === 'own-fault') {
    trouble.accusers.add(peer);
    if (isAlone || trouble.accusers.size >= 2) return 'record-fault';
  }
  if (trouble.peers.size >= POISON_PEERS) return 'poisoned';
  return trouble.faults >= MAX_RECORD_FAULTS || trouble.losses >= MAX_RECORD_LOSSES ? 'gave-up' : 'again';
}

export function hasFailedOn(job: RunningJob, record: number, peer: PeerId): boolean {
  return job.troubles.get(record)?.peers.has(peer) ?? false;
}

/** One failure from being called poison: it travels alone, so that its neighbours do not share its fate. */
export function isSuspect(job: RunningJob, record: number): boolean {
  return (job.troubles.get(record)?.peers.size ?? 0) >= POISON_PEERS - 1;
}
