import type { PeerId } from '../base/branded.ts';
import { adapterOf } from './adapter-choice.ts';
import { bytesToTokens } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import type { Dispatcher, ProviderMessage } from './dispatcher.ts';
import { WorkError } from './errors.ts';
import { SETTLED, type RunningJob } from './job.ts';
import type { Lease } from './lease-table.ts';
import { shown } from './line-fault.ts';
import type { WorkLink } from './work-link.ts';

/** A record's answer, admitted by compare-and-set on its lease. */
export interface AdmittedResult {
  readonly record: number;
  readonly peer: PeerId;
  readonly tokens: Uint32Array;
  readonly finish: 'stop' | 'length';
  readonly numericClass: string;
}

export interface LeaseInboxComponents {
  readonly clock: Clock;
  readonly dispatcher: Dispatcher;
  readonly link: () => WorkLink;
  readonly onResult: (job: RunningJob, lease: Lease, result: AdmittedResult) => void;
}

/**
 * The engine's codes for faults that a record brings with it wherever it is computed. They end it once a second peer says
 * the same, or at once where there is no second one or the peer is this device.
 */
const OWN_FAULTS: ReadonlySet<string> = new Set(['prompt-too-long', 'request-invalid']);

/** How often one peer is told that its lease is void: its heartbeats come every 5 s. */
const TELL_EVERY_MS = 1_000;

/**
 * Handles what providers say of leases. A lease is known by its id and its holder together: a message of anybody else,
 * or for a record that the lease does not hold, is refused by name.
 *
 * @throws {WorkError} `lease-unknown`, `record-not-leased` or `result-invalid`, for the link to count
 */
export function createLeaseInbox(components: LeaseInboxComponents) {
  const { clock, dispatcher } = components;
  let toldAtMs = new Map<PeerId, number>();

  /** The lease is void. A late result is counted; a peer that still computes is told, so that it stops. */
  function onVoid(peer: PeerId, message: ProviderMessage) {
    const holder = dispatcher.leases.formerHolder(message.lease);
    const job = dispatcher.jobOfLease(message.lease);
    if (dispatcher.leases.get(message.lease) || (holder === undefined ? !job : holder !== peer)) {
      throw new WorkError('lease-unknown', 'work: a message about a lease of another', { id: message.lease });
    }
    if (message.t === 'work/result') {
      dispatcher.counts.duplicates += 1;
      if (job) job.tally.duplicates += 1;
    }
    const isComputing = message.t === 'work/accept' || message.t === 'work/heartbeat' || message.t === 'work/result';
    const nowMs = clock.now();
    if (!isComputing || nowMs - (toldAtMs.get(peer) ?? 0) < TELL_EVERY_MS) return;
    if (toldAtMs.size > 1024) toldAtMs = new Map();
    toldAtMs.set(peer, nowMs);
    components.link().tell(peer, { t: 'work/cancel', lease: message.lease });
  }

  function onResult(lease: Lease, message: ProviderMessage & { t: 'work/result' }) {
    const { record, finish, numericClass } = message;
    if (lease.answered.has(record)) {
      dispatcher.counts.duplicates += 1;
      lease.job.tally.duplicates += 1;
      return;
    }
    requireOpen(lease, record);
    const { byteLength } = message.tokens;
    const limit = lease.maxTokens.get(record) ?? 0;
    if (byteLength % 4 !== 0 || byteLength > 4 * limit) {
      dispatcher.failRecord(lease, record, 'fault', 'the peer sent a broken result');
      endIfComplete(lease);
      throw new WorkError('result-invalid', `work: result of ${byteLength} bytes, ${limit} tokens asked for`, {
        value: byteLength,
        limit: 4 * limit,
      });
    }
    lease.open.delete(record);
    lease.answered.add(record);
    lease.job.places[record] = SETTLED;
    lease.results += 1;
    dispatcher.standings.forgive(lease.peer);
    const tokens = bytesToTokens(message.tokens);
    components.onResult(lease.job, lease, { record, peer: lease.peer, tokens, finish, numericClass });
    endIfComplete(lease);
  }

  function onFault(lease: Lease, message: ProviderMessage & { t: 'work/fault' }) {
    const { record, code, reason } = message;
    if (lease.answered.has(record)) return;
    requireOpen(lease, record);
    const isAdapters = code === 'adapter-unavailable' && adapterOf(lease.job, record) > 0;
    const kind = isAdapters ? 'no-adapter' : OWN_FAULTS.has(code) ? 'own-fault' : 'fault';
    dispatcher.failRecord(lease, record, kind, shown(`${code}: ${reason}`));
    endIfComplete(lease);
  }

  function requireOpen(lease: Lease, record: number) {
    if (lease.open.has(record)) return;
    throw new WorkError('record-not-leased', `work: record ${record} is not of this lease`, { id: lease.id });
  }

  function endIfComplete(lease: Lease) {
    if (lease.open.size === 0) dispatcher.endLease(lease, 'complete');
  }

  function accept(lease: Lease) {
    lease.heardAtMs = clock.now();
    if (lease.stage !== 'offered') return;
    lease.stage = 'leased';
    lease.startedAtMs = clock.now();
  }

  return (peer: PeerId, message: ProviderMessage): void => {
    const lease = dispatcher.leases.get(message.lease);
    if (!lease || lease.peer !== peer || lease.stage === 'loading') {
      onVoid(peer, message);
      return;
    }
    // Whatever comes first says that the offer was accepted: the acceptance itself may be lost.
    if (message.t !== 'work/decline') accept(lease);
    switch (message.t) {
      case 'work/accept':
      case 'work/heartbeat':
        break;
      case 'work/decline':
        if (lease.stage !== 'offered') break;
        dispatcher.standings.strike(peer, message.why === 'busy' ? 'busy' : 'fault');
        dispatcher.endLease(lease, 'declined');
        break;
      case 'work/result':
        onResult(lease, message);
        break;
      case 'work/fault':
        onFault(lease, message);
        break;
      case 'work/done':
        dispatcher.endLease(lease, lease.open.size === 0 ? 'complete' : 'short');
        break;
      case 'work/release':
        dispatcher.endLease(lease, 'released');
        break;
      default:
        message satisfies never;
    }
    dispatcher.pump();
  };
}
