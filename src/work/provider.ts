import type { LeaseId, ModelRoot, PeerId } from '../base/branded.ts';
import { isAbort } from '../base/app-error.ts';
import { tokensToBytes } from '../base/bytes.ts';
import type { Startable } from '../base/startable.ts';
import { MAX_NEW_TOKENS, MAX_TEXT_CHARS, type WorkOffer } from '../protocol/index.ts';
import {
  HEARTBEAT_MS,
  MAX_COUNTED_REQUESTERS,
  MAX_LEASE_MS,
  MAX_LEASE_TOKENS,
  MAX_LEASES_PER_REQUESTER,
  MAX_SERVED_LEASES,
} from './constants.ts';
import { WorkError } from './errors.ts';
import { shown } from './line-fault.ts';
import type { Executor, RecordOutcome } from './ports.ts';
import { openWorkLink, type LinkComponents, type WorkLink } from './work-link.ts';

/** What a provider has done since it was made, and does now. */
export interface ProviderStats {
  /** Different peers that had records computed here; this node counts when it asked itself. */
  readonly requesters: number;
  readonly records: number;
  readonly tokens: number;
  readonly runningLeases: number;
  readonly waitingLeases: number;
  readonly declined: number;
  readonly refusedMessages: number;
}

/** Computes fragments for whoever asks, this node included, as far as the executor has room. */
export interface Provider extends Startable {
  /**
   * Aborts what runs within this very call, hands every lease back politely, and declines until `resume`.
   *
   * @param exceptOf a peer whose leases go on and whose offers are heard: this device rests for others, not for its person
   */
  pause(exceptOf?: PeerId): void;
  resume(): void;
  stats(): ProviderStats;
  onChange(listener: () => void): () => void;
}

export interface ProviderComponents extends LinkComponents {
  readonly executor: Executor;
}

interface ServedLease {
  readonly id: LeaseId;
  readonly peer: PeerId;
  readonly offer: WorkOffer;
  readonly abort: AbortController;
  /** Records that were not reported yet. */
  readonly open: Set<number>;
  isRunning: boolean;
  tokensDone: number;
  stopDeadline: () => void;
}

type Declining = 'busy' | 'paused' | 'no-model' | 'too-long' | 'not-serving';

/** @returns a provider that does nothing before `start` */
export function createProvider(components: ProviderComponents): Provider {
  const { clock, logger, channel, executor } = components;
  const leases = new Map<LeaseId, ServedLease>();
  const requesters = new Set<PeerId>();
  const listeners = new Set<() => void>();
  const runs = new Set<Promise<void>>();
  let link: WorkLink | undefined;
  let closers: (() => void)[] = [];
  let paused: { readonly exceptOf: PeerId | undefined } | undefined;
  let records = 0;
  let tokens = 0;
  let declined = 0;
  let refusedBefore = 0;

  const changed = () => {
    for (const listener of listeners) listener();
  };
  const running = () => [...leases.values()].filter((lease) => lease.isRunning);

  function whyNot(peer: PeerId, offer: WorkOffer): Declining | undefined {
    if (paused && peer !== paused.exceptOf) return 'paused';
    const isServed = running().some((lease) => lease.offer.model === offer.model);
    if (!isServed && executor.freeSlots(offer.model) === 0) return 'no-model';
    const own = [...leases.values()].filter((lease) => lease.peer === peer).length;
    if (own >= MAX_LEASES_PER_REQUESTER || leases.size >= MAX_SERVED_LEASES) return 'busy';
    const asked = offer.records.reduce((sum, record) => sum + record.maxTokens, 0);
    if (asked > Math.max(MAX_LEASE_TOKENS, MAX_NEW_TOKENS) || offer.deadlineAtMs <= offer.atMs) return 'too-long';
    return undefined;
  }

  function onOffer(peer: PeerId, offer: WorkOffer) {
    const id = offer.lease as LeaseId;
    if (leases.has(id)) throw new WorkError('lease-unknown', 'work: a lease was offered twice', { id });
    const open = new Set(offer.records.map((record) => record.record));
    if (open.size < offer.records.length) {
      throw new WorkError('record-not-leased', 'work: an offer names a record twice', { id });
    }
    const why = whyNot(peer, offer);
    if (why) {
      declined += 1;
      link?.tell(peer, { t: 'work/decline', lease: id, why });
      return changed();
    }
    // Both moments are the requester's, so a wrong clock on either side does not shorten the lease.
    const lifeMs = Math.min(MAX_LEASE_MS, offer.deadlineAtMs - offer.atMs);
    const stopDeadline = clock.after(lifeMs, () => end(id, 'deadline'));
    leases.set(id, {
      id,
      peer,
      offer,
      abort: new AbortController(),
      open,
      isRunning: false,
      tokensDone: 0,
      stopDeadline,
    });
    link?.send(peer, { t: 'work/accept', lease: id }).catch(() => end(id, 'requester unreachable'));
    startNext();
    changed();
  }

  /** Starts waiting leases, oldest first, while their models have a free slot. */
  function startNext() {
    for (const lease of leases.values()) {
      if (lease.isRunning || executor.freeSlots(lease.offer.model) === 0) continue;
      lease.isRunning = true;
      const run = compute(lease).finally(() => {
        runs.delete(run);
        startNext();
        changed();
      });
      runs.add(run);
    }
  }

  async function compute(lease: ServedLease): Promise<void> {
    const { id, peer, offer, abort } = lease;
    const model: ModelRoot = offer.model;
    if (requesters.size < MAX_COUNTED_REQUESTERS) requesters.add(peer);
    try {
      await executor.run(
        model,
        peer,
        offer.records,
        (outcome) => report(lease, outcome),
        (tokensDone) => {
          lease.tokensDone = tokensDone;
        },
        abort.signal,
      );
      if (leases.get(id) !== lease) return;
      if (lease.open.size === 0) link?.tell(peer, { t: 'work/done', lease: id });
      else release(lease, `${lease.open.size} records without an outcome`);
    } catch (error) {
      if (leases.get(id) !== lease) return;
      const reason = error instanceof Error ? error.message : String(error);
      if (!isAbort(error)) logger.warn('fragment handed back', { peer, reason: shown(reason) });
      release(lease, reason);
    } finally {
      end(id, 'over');
    }
  }

  function report(lease: ServedLease, outcome: RecordOutcome) {
    const { id, peer } = lease;
    if (leases.get(id) !== lease || !lease.open.delete(outcome.record)) return;
    const { record } = outcome;
    records += 1;
    if (outcome.t === 'result') {
      const { finish, numericClass } = outcome;
      tokens += outcome.tokens.length;
      const bytes = tokensToBytes(outcome.tokens);
      link
        ?.send(peer, { t: 'work/result', lease: id, record, tokens: bytes, finish, numericClass })
        .catch(() => end(id, 'requester unreachable'));
    } else {
      const reason = outcome.reason.slice(0, MAX_TEXT_CHARS);
      link?.tell(peer, { t: 'work/fault', lease: id, record, code: outcome.code.slice(0, 64), reason });
    }
    changed();
  }

  function release(lease: ServedLease, reason: string) {
    link?.tell(lease.peer, { t: 'work/release', lease: lease.id, reason: reason.slice(0, MAX_TEXT_CHARS) });
  }

  /** Forgets the lease and stops its computation; what was sent before stays valid. */
  function end(id: LeaseId, why: string) {
    const lease = leases.get(id);
    if (!lease) return;
    leases.delete(id);
    lease.stopDeadline();
    lease.abort.abort(new DOMException(`lease ended: ${why}`, 'AbortError'));
    changed();
  }

  function releaseAll(reason: string, exceptOf?: PeerId) {
    // Aborted first: the promise that the GPU is idle soon counts from this call.
    const all = [...leases.values()].filter(({ peer }) => peer !== exceptOf);
    for (const lease of all) end(lease.id, reason);
    for (const lease of all) release(lease, reason);
  }

  function beat() {
    for (const { id, peer, offer, open, tokensDone } of leases.values()) {
      const recordsDone = offer.records.length - open.size;
      link
        ?.send(peer, { t: 'work/heartbeat', lease: id, recordsDone, tokensDone })
        .catch(() => end(id, 'requester unreachable'));
    }
    // Slots may have become free without us: a local chat ended.
    startNext();
  }

  return {
    async start() {
      if (link) return;
      link = openWorkLink(components, ['work/offer', 'work/cancel'], (peer, message) => {
        if (message.t === 'work/offer') return onOffer(peer, message);
        const lease = leases.get(message.lease as LeaseId);
        // A cancel may cross the end of its lease; only a cancel of somebody else's is wrong.
        if (lease && lease.peer !== peer) {
          throw new WorkError('lease-unknown', 'work: cancel of a lease of another peer', { id: message.lease });
        }
        end(message.lease as LeaseId, 'cancelled');
        startNext();
      });
      const stopGone = channel.onGone((peer) => {
        for (const lease of leases.values()) if (lease.peer === peer) end(lease.id, 'requester gone');
      });
      closers = [stopGone, clock.every(HEARTBEAT_MS, beat)];
      changed();
    },
    async stop() {
      if (!link) return;
      const closing = link;
      releaseAll('stopping');
      refusedBefore += sum(closing.refusals());
      link = undefined;
      closing.close();
      for (const close of closers.splice(0)) close();
      await Promise.allSettled(runs);
      changed();
    },
    pause(exceptOf) {
      paused = { exceptOf };
      releaseAll('paused', exceptOf);
      changed();
    },
    resume() {
      paused = undefined;
      changed();
    },
    stats: () => ({
      requesters: requesters.size,
      records,
      tokens,
      runningLeases: running().length,
      waitingLeases: leases.size - running().length,
      declined,
      refusedMessages: refusedBefore + sum(link?.refusals() ?? new Map()),
    }),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}
