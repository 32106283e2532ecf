import type { PeerId } from '../base/branded.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { WorkMessage, WorkRecord } from '../protocol/index.ts';
import {
  ASSUMED_TOKENS_PER_SECOND,
  MAX_FRAGMENT_BYTES,
  MAX_LEASE_MS,
  MAX_LEASES_PER_PEER,
  MIN_LEASE_MS,
  OFFER_TIMEOUT_MS,
  SHARE_PATIENCE_MS,
  SILENCE_MS,
} from './constants.ts';
import { adapterFilter, adapterOf, isLacking, markLacking } from './adapter-choice.ts';
import { judgeFailure, markShown, OUT, QUEUED, shareLeft, type RunningJob, type Verdict } from './job.ts';
import { createLeaseId, createLeaseTable, type Lease, type LeaseTable } from './lease-table.ts';
import { createPeerStandings, type PeerStandings } from './peer-standing.ts';
import { planFragment } from './plan-fragment.ts';
import type { Candidate, Directory } from './ports.ts';
import type { WorkLink } from './work-link.ts';

/** What the dispatcher counts, over all jobs since it was made. */
export interface DispatchCounts {
  offers: number;
  /** Records given out again after their lease ended without them. */
  reissues: number;
  /** Results that came for a lease that had ended, or a second time. */
  duplicates: number;
  /** Leases lost to silence, deadline or a peer that went. */
  expired: number;
  released: number;
  declined: number;
  /** Offers without an answer. */
  withdrawn: number;
  poisoned: number;
  /** Times the share cap gave way because nobody else computed. */
  capYields: number;
}

/** Why a lease ends. */
export type LeaseEnd = 'complete' | 'short' | 'declined' | 'unanswered' | 'released' | 'lost' | 'dropped';

type FailureKind = 'lost' | 'fault' | 'own-fault' | 'no-adapter';

export interface DispatcherComponents {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly self: PeerId;
  readonly directory: Directory;
  readonly link: () => WorkLink;
  /** Reads records from the job's store, in any order. */
  readonly loadRecords: (job: RunningJob, records: readonly number[]) => Promise<WorkRecord[]>;
  /** A record ended without an answer. */
  readonly onFailed: (job: RunningJob, record: number, verdict: Exclude<Verdict, 'again'>, reason: string) => void;
  readonly onChange: (job: RunningJob) => void;
  /** The job cannot go on, e.g. its store does not answer. */
  readonly onBroken: (job: RunningJob, error: unknown) => void;
}

/** Gives records of jobs to peers and takes them back; what is answered is settled by the inbox. */
export interface Dispatcher {
  readonly leases: LeaseTable;
  readonly standings: PeerStandings;
  readonly counts: DispatchCounts;
  add(job: RunningJob): void;
  /** Ends all leases of the job, telling their holders, and forgets it. */
  drop(job: RunningJob): void;
  jobOfLease(leaseId: string): RunningJob | undefined;
  /** True while the job has nothing in flight and nobody to ask. */
  isIdle(job: RunningJob): boolean;
  candidates(job: RunningJob): readonly Candidate[];
  /** Makes as many offers as peers and jobs allow. */
  pump(): void;
  /** Ends what is silent or overdue, then pumps. */
  tick(): void;
  endLease(lease: Lease, why: LeaseEnd): void;
  /** A record of a live lease failed; it goes back or ends. `no-adapter`: the peer cannot have the record's adapter. */
  failRecord(lease: Lease, record: number, kind: FailureKind, reason: string): void;
}

export function createDispatcher(components: DispatcherComponents): Dispatcher {
  const { clock, logger, self, directory } = components;
  const leases = createLeaseTable();
  const standings = createPeerStandings(clock);
  const jobs = new Set<RunningJob>();
  const counts: DispatchCounts = {
    offers: 0,
    reissues: 0,
    duplicates: 0,
    expired: 0,
    released: 0,
    declined: 0,
    withdrawn: 0,
    poisoned: 0,
    capYields: 0,
  };

  function candidates(job: RunningJob): readonly Candidate[] {
    const byPeer = new Map(directory.candidates(job.root).map((candidate) => [candidate.peer, candidate]));
    return [...byPeer.values()].filter(({ peer }) => job.only === undefined || peer === job.only);
  }

  function isReady({ peer, freeSlots }: Candidate): boolean {
    if (standings.isWaiting(peer)) return false;
    const held = leases.ofPeer(peer);
    if (held.length >= MAX_LEASES_PER_PEER || held.some((lease) => lease.stage !== 'leased')) return false;
    // A peer that is busy with our own fragment takes one more to go on with.
    return freeSlots > 0 || held.length > 0;
  }

  /** Could be offered more now, or as soon as it has answered the last offer. */
  function hasRoom({ peer, freeSlots }: Candidate): boolean {
    const held = leases.ofPeer(peer).length;
    return !standings.isWaiting(peer) && held < MAX_LEASES_PER_PEER && (freeSlots > 0 || held > 0);
  }

  function isCappable(job: RunningJob, peer: PeerId, reliable: readonly Candidate[]): boolean {
    return peer !== self && job.only === undefined && reliable.some((other) => other.peer !== peer);
  }

  function isUsedUp(job: RunningJob, peer: PeerId, reliable: readonly Candidate[]): boolean {
    return isCappable(job, peer, reliable) && shareLeft(job, peer) === 0;
  }

  /** Offers one fragment of `job` to the candidate. @returns whether there was one to offer */
  function offerTo(
    job: RunningJob,
    candidate: Candidate,
    all: readonly Candidate[],
    reliable: readonly Candidate[],
  ): boolean {
    const { peer } = candidate;
    let isCapped = isCappable(job, peer, reliable);
    if (isCapped && clock.now() - job.liveAtMs >= SHARE_PATIENCE_MS) {
      isCapped = false;
      counts.capYields += 1;
    }
    const budget = standings.budget(candidate);
    const peers = reliable.map((other) => other.peer);
    const withRoom = all.filter((other) => hasRoom(other) && !isUsedUp(job, other.peer, reliable));
    const isFor = adapterFilter(job, candidate, all, withRoom);
    const records = planFragment(job, { peer, candidates: peers, budget, isCapped, isFor });
    if (records.length === 0) return false;
    for (const record of records) {
      job.places[record] = OUT;
      markShown(job, peer, record);
    }
    const cost = records.reduce((sum, record) => sum + (job.costs[record] ?? 0), 0);
    const nowMs = clock.now();
    const lease: Lease = {
      id: createLeaseId(job),
      job,
      peer,
      open: new Set(records),
      answered: new Set(),
      size: records.length,
      cost,
      maxTokens: new Map(),
      deadlineAtMs: nowMs + lifeMs(candidate, cost),
      stage: 'loading',
      heardAtMs: nowMs,
      startedAtMs: nowMs,
      results: 0,
      isExcused: false,
    };
    leases.add(lease);
    job.liveAtMs = nowMs;
    send(lease, records).catch((error: unknown) => {
      if (!leases.get(lease.id)) return;
      endLease(lease, 'dropped');
      components.onBroken(job, error);
    });
    components.onChange(job);
    return true;
  }

  function lifeMs({ peer, tokensPerSecond }: Candidate, cost: number): number {
    const speed = tokensPerSecond > 0 ? tokensPerSecond : ASSUMED_TOKENS_PER_SECOND;
    const queued = leases.ofPeer(peer).reduce((sum, lease) => sum + lease.cost, 0);
    return Math.min(MAX_LEASE_MS, Math.max(MIN_LEASE_MS, 3000 * ((cost + queued) / speed)));
  }

  async function send(lease: Lease, wanted: readonly number[]): Promise<void> {
    const loaded = await components.loadRecords(lease.job, wanted);
    if (leases.get(lease.id) !== lease) return;
    const records: WorkRecord[] = [];
    let bytes = 0;
    for (const record of loaded) {
      const texts = [...record.stop, record.schema ?? ''];
      bytes += record.prompt.byteLength + texts.reduce((sum, text) => sum + 3 * text.length, 0) + 128;
      if (records.length > 0 && bytes > MAX_FRAGMENT_BYTES) {
        lease.open.delete(record.record);
        putBack(lease.job, record.record);
        continue;
      }
      records.push(record);
      lease.maxTokens.set(record.record, record.maxTokens);
    }
    lease.stage = 'offered';
    lease.heardAtMs = clock.now();
    counts.offers += 1;
    const { id, job, peer, deadlineAtMs } = lease;
    const offer = {
      t: 'work/offer',
      lease: id,
      model: job.root,
      deadlineAtMs: Math.ceil(deadlineAtMs),
      records,
    } as const;
    components
      .link()
      .send(peer, offer)
      .catch(() => endLease(lease, 'unanswered'));
  }

  function putBack(job: RunningJob, record: number) {
    job.places[record] = QUEUED;
    job.queue.putBack(record);
  }

  function reissue(job: RunningJob, record: number) {
    putBack(job, record);
    job.tally.reissues += 1;
    counts.reissues += 1;
  }

  function failRecord(lease: Lease, record: number, kind: FailureKind, reason: string) {
    lease.open.delete(record);
    const { job, peer } = lease;
    const present = candidates(job);
    const isAlone = peer === self || !present.some((other) => other.peer !== peer);
    let verdict: Verdict;
    if (kind === 'no-adapter' && markLacking(job, peer, record, present)) {
      lease.isExcused = true;
      const isLackedByAll = present.every((other) => isLacking(job, other, adapterOf(job, record)));
      verdict = isLackedByAll ? 'adapter-unavailable' : 'again';
    } else verdict = judgeFailure(job, record, peer, kind === 'no-adapter' ? 'fault' : kind, isAlone);
    if (verdict === 'again') return reissue(job, record);
    if (verdict === 'poisoned') counts.poisoned += 1;
    components.onFailed(job, record, verdict, reason);
  }

  function endLease(lease: Lease, why: LeaseEnd) {
    if (!leases.remove(lease)) return;
    const { id, job, peer } = lease;
    const open = [...lease.open];
    const tellHolder = () => components.link().tell(peer, { t: 'work/cancel', lease: id });
    switch (why) {
      case 'complete':
        standings.learn(peer, lease.cost, clock.now() - lease.startedAtMs);
        if (lease.results === 0 && !lease.isExcused) standings.strike(peer, 'fault');
        break;
      case 'short':
        for (const record of open) failRecord(lease, record, 'fault', 'left out by the peer');
        if (lease.results === 0) standings.strike(peer, 'fault');
        break;
      case 'declined':
        counts.declined += 1;
        for (const record of open) putBack(job, record);
        break;
      case 'unanswered':
        counts.withdrawn += 1;
        tellHolder();
        standings.strike(peer, 'fault');
        for (const record of open) putBack(job, record);
        break;
      case 'released':
        counts.released += 1;
        if (lease.results === 0) standings.strike(peer, 'fault');
        for (const record of open) reissue(job, record);
        break;
      case 'lost':
        counts.expired += 1;
        tellHolder();
        standings.strike(peer, 'fault');
        for (const record of open) failRecord(lease, record, 'lost', 'the peer went silent');
        break;
      case 'dropped':
        if (lease.stage !== 'loading') tellHolder();
        for (const record of open) putBack(job, record);
        break;
    }
    // The next lease of this peer is computed from now on.
    for (const next of leases.ofPeer(peer)) next.startedAtMs = clock.now();
    logger.debug('lease ended', { peer, why, records: lease.size, open: open.length });
    components.onChange(job);
  }

  function pump() {
    for (let isMoving = true; isMoving;) {
      isMoving = false;
      // The job with the fewest leases first, so that several jobs go on side by side.
      const inTurn = [...jobs].toSorted((a, b) => leases.ofJob(a).length - leases.ofJob(b).length);
      for (const job of inTurn) {
        if (job.queue.size === 0) continue;
        const all = candidates(job);
        const reliable = all.filter(({ peer }) => !standings.isUnreliable(peer));
        const ready = all
          .filter(isReady)
          .toSorted((a, b) => leases.ofPeer(a.peer).length - leases.ofPeer(b.peer).length);
        for (const candidate of ready) {
          if (job.queue.size === 0 || !isReady(candidate)) continue;
          isMoving = offerTo(job, candidate, all, reliable) || isMoving;
        }
      }
    }
  }

  function tick() {
    const nowMs = clock.now();
    for (const lease of leases.all()) {
      lease.job.liveAtMs = nowMs;
      const silentMs = nowMs - lease.heardAtMs;
      if (lease.stage === 'offered' && silentMs >= OFFER_TIMEOUT_MS) endLease(lease, 'unanswered');
      else if (lease.stage === 'leased' && (silentMs >= SILENCE_MS || nowMs >= lease.deadlineAtMs)) {
        endLease(lease, 'lost');
      }
    }
    pump();
  }

  return {
    leases,
    standings,
    counts,
    add: (job) => void jobs.add(job),
    drop(job) {
      jobs.delete(job);
      for (const lease of leases.ofJob(job)) endLease(lease, 'dropped');
    },
    jobOfLease: (leaseId) => [...jobs].find((job) => leaseId.startsWith(job.leaseTag)),
    isIdle: (job) => leases.ofJob(job).length === 0,
    candidates,
    pump,
    tick,
    endLease,
    failRecord,
  };
}

/** Everything that a provider says; the requester's half of the protocol. */
export type ProviderMessage = Exclude<
  WorkMessage,
  { t: 'work/offer' | 'work/cancel' | 'adapter/ask' | 'adapter/tell' }
>;
