import type { LeaseId, PeerId } from '../base/branded.ts';
import { bytesToHex } from '../base/bytes.ts';
import { MAX_REMEMBERED_LEASES } from './constants.ts';
import type { RunningJob } from './job.ts';

/** One grant of some records to one peer. Whatever settles them names it, and only while it is here. */
export interface Lease {
  readonly id: LeaseId;
  readonly job: RunningJob;
  readonly peer: PeerId;
  /** Records that were not answered yet. */
  readonly open: Set<number>;
  /** Records that were. */
  readonly answered: Set<number>;
  readonly size: number;
  readonly cost: number;
  /** Most new tokens of each open record. */
  readonly maxTokens: Map<number, number>;
  readonly deadlineAtMs: number;
  stage: 'loading' | 'offered' | 'leased';
  /** When the peer was last heard, or the offer was made. */
  heardAtMs: number;
  /** When it began to be computed, as far as is known. */
  startedAtMs: number;
  results: number;
  /** It ended records for want of an adapter, which nobody is to blame for. */
  isExcused: boolean;
}

/** The leases that count, and enough memory of the others to tell late from false. */
export interface LeaseTable {
  get(id: string): Lease | undefined;
  /** Who held an ended lease; undefined if it is not remembered. */
  formerHolder(id: string): PeerId | undefined;
  add(lease: Lease): void;
  /** @returns false if it had ended before */
  remove(lease: Lease): boolean;
  all(): readonly Lease[];
  ofPeer(peer: PeerId): readonly Lease[];
  ofJob(job: RunningJob): readonly Lease[];
}

export function createLeaseTable(): LeaseTable {
  const live = new Map<string, Lease>();
  const former = new Map<string, PeerId>();
  const where = (suits: (lease: Lease) => boolean) => [...live.values()].filter(suits);
  return {
    get: (id) => live.get(id),
    formerHolder: (id) => former.get(id),
    add: (lease) => void live.set(lease.id, lease),
    remove(lease) {
      if (!live.delete(lease.id)) return false;
      former.set(lease.id, lease.peer);
      if (former.size > MAX_REMEMBERED_LEASES) for (const oldest of former.keys()) if (former.delete(oldest)) break;
      return true;
    },
    all: () => [...live.values()],
    ofPeer: (peer) => where((lease) => lease.peer === peer),
    ofJob: (job) => where((lease) => lease.job === job),
  };
}

/** A new lease id of `job`: its tag and 96 random bits, in hex. */
export function createLeaseId(job: RunningJob): LeaseId {
  return `${job.leaseTag}${bytesToHex(crypto.getRandomValues(new Uint8Array(12)))}` as LeaseId;
}
