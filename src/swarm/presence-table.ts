import type { ModelRoot, PeerId } from '../base/branded.ts';
import type { Clock } from '../base/clock.ts';
import { createFreshnessGuard, MAX_MESSAGE_AGE_MS, ProtocolError, type Presence } from '../protocol/index.ts';
import { MAX_KNOWN_PEERS } from './constants.ts';
import { SwarmError } from './errors.ts';
import { checkAdvert } from './presence-check.ts';

/** A peer as its latest advert shows it. */
export interface KnownPeer {
  readonly peer: PeerId;
  readonly models: Presence['models'];
  readonly published: NonNullable<Presence['published']>;
  readonly agent: string;
  /** By our clock. */
  readonly heardAtMs: number;
}

/** A peer that computes with a model. */
export interface ServingPeer extends Omit<Presence['models'][number], 'root'> {
  readonly peer: PeerId;
}

export interface PresenceTable {
  /**
   * Takes an advert in, or refuses and counts it.
   *
   * @param sender peer id that gossip vouches for
   * @returns true if it was sound, also when it changed nothing; false means: do not pass it on
   */
  admit(bytes: Uint8Array, sender: string): boolean;
  peers(): readonly KnownPeer[];
  get(peer: string): KnownPeer | undefined;
  /** Peers that serve this model now. */
  serving(model: ModelRoot): readonly ServingPeer[];
  /** Forgets whoever was not heard of in time. */
  sweep(): void;
  refusals(): Readonly<Record<string, number>>;
  clear(): void;
}

interface Entry extends KnownPeer {
  readonly expiresAtMs: number;
}

export function createPresenceTable(
  { clock }: { clock: Pick<Clock, 'now'> },
  events: {
    readonly onChange: () => void;
    /** The peer said goodbye or fell silent. */
    readonly onLeave: (peer: PeerId, why: 'goodbye' | 'silence') => void;
  },
  { maxPeers = MAX_KNOWN_PEERS }: { readonly maxPeers?: number } = {},
): PresenceTable {
  const entries = new Map<PeerId, Entry>();
  // A late advert must not bring back a peer that said goodbye, so moments outlive entries.
  const latestAtMs = new Map<PeerId, number>();
  const refusals: Record<string, number> = {};
  let freshness = createFreshnessGuard(clock);

  const remove = (peer: PeerId, why: 'goodbye' | 'silence') => {
    if (entries.delete(peer)) events.onLeave(peer, why);
  };

  function take(bytes: Uint8Array, sender: string): void {
    const { peer, author, body } = checkAdvert(bytes, sender);
    const nowMs = clock.now();
    if (!entries.has(peer) && entries.size >= maxPeers) {
      throw new SwarmError('advert-refused', `swarm: ${maxPeers} peers are known already`, { peer });
    }
    freshness.admit(author, body.atMs, body.nonce);
    // Gossip may deliver out of order: an older advert is sound, and says nothing new.
    if (body.atMs <= (latestAtMs.get(peer) ?? -1)) return;
    latestAtMs.set(peer, body.atMs);
    // Life is counted from when we heard it, so that clocks may differ.
    const lifeMs = body.expiresAtMs - body.atMs;
    if (lifeMs <= 0) remove(peer, 'goodbye');
    else {
      const { models, published = [], agent } = body;
      entries.set(peer, { peer, models, published, agent, heardAtMs: nowMs, expiresAtMs: nowMs + lifeMs });
    }
    events.onChange();
  }

  return {
    admit(bytes, sender) {
      try {
        take(bytes, sender);
        return true;
      } catch (error) {
        if (!(error instanceof ProtocolError || error instanceof SwarmError)) throw error;
        refusals[error.code] = (refusals[error.code] ?? 0) + 1;
        return false;
      }
    },
    peers: () => [...entries.values()],
    get: (peer) => entries.get(peer as PeerId),
    serving: (model) =>
      [...entries.values()].flatMap(({ peer, models }) => {
        const held = models.find(({ root }) => root === model);
        if (!held) return [];
        const { root: _, ...figures } = held;
        return [{ peer, ...figures }];
      }),
    sweep() {
      const nowMs = clock.now();
      const gone = [...entries.values()].filter(({ expiresAtMs }) => expiresAtMs <= nowMs);
      for (const { peer } of gone) remove(peer, 'silence');
      for (const [peer, atMs] of latestAtMs) {
        if (atMs < nowMs - 2 * MAX_MESSAGE_AGE_MS && !entries.has(peer)) latestAtMs.delete(peer);
      }
      if (gone.length > 0) events.onChange();
    },
    refusals: () => ({ ...refusals }),
    clear() {
      entries.clear();
      latestAtMs.clear();
      freshness = createFreshnessGuard(clock);
    },
  };
}
