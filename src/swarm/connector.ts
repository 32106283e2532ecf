import type { Connection } from '@libp2p/interface';
import { peerIdFromString } from '@libp2p/peer-id';
import { isAbort } from '../base/app-error.ts';
import { delay, type Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import {
  DIRECT_DIAL_ATTEMPTS,
  DIRECT_DIAL_TIMEOUT_MS,
  DIRECT_DIAL_YIELD_MS,
  DIRECT_RETRY_MS,
  IDENTIFY_TIMEOUT_MS,
  LEFTOVER_CLOSE_MS,
  LEFTOVER_FORCE_MS,
  MAX_DIRECT_ROUNDS,
  MAX_PEER_CONNECTIONS_MADE,
  RELAYED_DIAL_TIMEOUT_MS,
} from './constants.ts';
import { SwarmError } from './errors.ts';
import type { Host } from './libp2p-host.ts';
import { throughRelay, type RelayAddress } from './relay-address.ts';
import { WORK_PROTOCOL } from '../protocol/index.ts';

/** How peers are reached: through a relay at once, directly as soon as WebRTC has found a way. */
export interface Connector {
  /** The best open connection, made through a relay if there is none. @throws {SwarmError} `unreachable` */
  connect(peer: string): Promise<Connection>;
  counts(): { readonly directDials: number; readonly directDialsFailed: number };
  stop(): void;
}

export interface ConnectorInit {
  readonly canConnectDirectly: boolean;
  readonly relays: () => readonly RelayAddress[];
  readonly peerConnectionsMade: () => number;
}

/** True if the bytes do not pass a relay. */
export function isDirectConnection({ limits, remoteAddr }: Connection): boolean {
  const address = remoteAddr.toString();
  // A WebRTC connection keeps the relay's address that it was signalled over.
  return limits === undefined && (!address.includes('/p2p-circuit') || address.includes('/webrtc'));
}

export function createConnector(
  { host, clock, logger }: { host: Host; clock: Clock; logger: Logger },
  init: ConnectorInit,
): Connector {
  const abort = new AbortController();
  const self = host.peerId.toString();
  const identified = new WeakSet<Connection>();
  const upgrading = new Set<string>();
  const counts = { directDials: 0, directDialsFailed: 0 };
  const isRelay = (peer: string) => init.relays().some(({ relay }) => relay === peer);

  const openTo = (peer: string) =>
    host.getConnections(peerIdFromString(peer)).filter(({ status }) => status === 'open');
  const bestOf = (peer: string) => {
    const open = openTo(peer);
    return open.find(isDirectConnection) ?? open[0];
  };

  async function connect(peer: string): Promise<Connection> {
    const known = bestOf(peer);
    if (known) return known;
    const errors: unknown[] = [];
    for (const relay of init.relays()) {
      try {
        const signal = AbortSignal.any([abort.signal, AbortSignal.timeout(RELAYED_DIAL_TIMEOUT_MS)]);
        return await host.dial(throughRelay(relay, peer, 'circuit'), { signal });
      } catch (error) {
        errors.push(error);
        const meanwhile = bestOf(peer);
        if (meanwhile) return meanwhile;
      }
    }
    const why = errors.length === 0 ? 'no relay is connected' : 'no relay reaches it';
    throw new SwarmError('unreachable', `swarm: peer is out of reach, ${why}`, { peer }, { cause: errors[0] });
  }

  /** Dials directly until it works, the relayed connection ends, or too many rounds have failed. */
  async function upgrade(relayed: Connection): Promise<void> {
    const peer = relayed.remotePeer.toString();
    if (upgrading.has(peer)) return;
    upgrading.add(peer);
    try {
      if (self > peer) await delay(clock, DIRECT_DIAL_YIELD_MS, abort.signal);
      for (let round = 0; round < MAX_DIRECT_ROUNDS; round++) {
        if (await dialDirectly(peer)) return;
        await delay(clock, DIRECT_RETRY_MS * 2 ** round, abort.signal);
      }
    } catch (error) {
      if (!isAbort(error)) throw error;
    } finally {
      upgrading.delete(peer);
    }
  }

  /** One round of attempts; true if nothing more is to be done. */
  async function dialDirectly(peer: string): Promise<boolean> {
    for (let attempt = 0; attempt < DIRECT_DIAL_ATTEMPTS; attempt++) {
      const open = openTo(peer);
      const relayed = open[0];
      if (!relayed || open.some(isDirectConnection)) return true;
      if (init.peerConnectionsMade() >= MAX_PEER_CONNECTIONS_MADE) return true;
      await untilIdentified(relayed);
      const relay = init.relays()[0];
      if (!relay) return false;
      counts.directDials += 1;
      try {
        const signal = AbortSignal.any([abort.signal, AbortSignal.timeout(DIRECT_DIAL_TIMEOUT_MS)]);
        await host.dial(throughRelay(relay, peer, 'direct'), { signal });
        return true;
      } catch (error) {
        counts.directDialsFailed += 1;
        logger.debug('direct dial failed', { peer, attempt, error: String(error).slice(0, 200) });
      }
    }
    return false;
  }

  async function untilIdentified(connection: Connection): Promise<void> {
    for (let waited = 0; waited < IDENTIFY_TIMEOUT_MS; waited += 50) {
      if (identified.has(connection) || connection.status !== 'open') return;
      await delay(clock, 50, abort.signal);
    }
  }

  /** Relayed connections count towards limits, so they go once a direct one is there and their streams have ended. */
  async function closeLeftovers(peer: string): Promise<void> {
    for (let waited = 0; waited <= LEFTOVER_FORCE_MS; waited += LEFTOVER_CLOSE_MS) {
      await delay(clock, LEFTOVER_CLOSE_MS, abort.signal);
      const open = openTo(peer);
      const relayed = open.filter((connection) => !isDirectConnection(connection));
      if (relayed.length === 0 || relayed.length === open.length) return;
      for (const connection of relayed) {
        const isUsed = connection.streams.some(({ protocol }) => protocol === WORK_PROTOCOL);
        if (!isUsed || waited >= LEFTOVER_FORCE_MS) await connection.close().catch(() => undefined);
      }
    }
  }

  const onOpen = ({ detail: connection }: CustomEvent<Connection>) => {
    const peer = connection.remotePeer.toString();
    if (isRelay(peer) || !init.canConnectDirectly) return;
    const task = isDirectConnection(connection) ? closeLeftovers(peer) : upgrade(connection);
    task.catch((error: unknown) => {
      if (!isAbort(error)) logger.warn('connection upkeep failed', { peer, error: String(error).slice(0, 200) });
    });
  };
  const onIdentify = ({ detail }: CustomEvent<{ connection: Connection }>) => void identified.add(detail.connection);
  host.addEventListener('connection:open', onOpen);
  host.addEventListener('peer:identify', onIdentify);

  return {
    connect,
    counts: () => ({ ...counts }),
    stop() {
      abort.abort();
      host.removeEventListener('connection:open', onOpen);
      host.removeEventListener('peer:identify', onIdentify);
    },
  };
}
