import type { Connection, Stream } from '@libp2p/interface';
import type { PeerId } from '../base/branded.ts';
import type { Bytes } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { WORK_PROTOCOL } from '../protocol/index.ts';
import { isDirectConnection, type Connector } from './connector.ts';
import { GONE_GRACE_MS, IDLE_LINK_MS, MAX_INBOUND_PEERS, MAX_WORK_PEERS } from './constants.ts';
import { SwarmError } from './errors.ts';
import type { Host } from './libp2p-host.ts';
import { createPeerLink, type PeerLink } from './peer-link.ts';
import { createPeerStream, type PeerStream } from './peer-stream.ts';

export interface LinkCounts {
  bytesIn: number;
  bytesOut: number;
  messagesIn: number;
  messagesOut: number;
  /** Streams ended because of what came over them. */
  badStreams: number;
  refusedPeers: number;
}

export interface LinkState {
  readonly peer: PeerId;
  readonly isDirect: boolean;
}

/** The links to all peers that this node works with. */
export interface LinkTable {
  send(peer: PeerId, bytes: Uint8Array): Promise<void>;
  states(): readonly LinkState[];
  counts(): Readonly<LinkCounts>;
  stop(): void;
}

export interface LinkTableEvents {
  onMessage(peer: PeerId, bytes: Bytes): void;
  onGone(peer: PeerId): void;
  onChange(): void;
}

interface Row {
  readonly link: PeerLink;
  usedAtMs: number;
}

export async function createLinkTable(
  { host, connector, clock, logger }: { host: Host; connector: Connector; clock: Clock; logger: Logger },
  events: LinkTableEvents,
): Promise<LinkTable> {
  const self = host.peerId.toString();
  const rows = new Map<PeerId, Row>();
  const counts: LinkCounts = {
    bytesIn: 0,
    bytesOut: 0,
    messagesIn: 0,
    messagesOut: 0,
    badStreams: 0,
    refusedPeers: 0,
  };

  function rowOf(peer: PeerId, limit: number): Row {
    const known = rows.get(peer);
    if (known) return known;
    if (rows.size >= limit) {
      const [idle] = [...rows].toSorted(([, a], [, b]) => a.usedAtMs - b.usedAtMs);
      if (!idle || idle[1].usedAtMs > clock.now() - IDLE_LINK_MS) {
        counts.refusedPeers += 1;
        throw new SwarmError('peer-limit', `swarm: ${rows.size} peers are linked, limit ${limit}`, { peer });
      }
      leave(idle[0]);
    }
    const link = createPeerLink({ peer, isLower: self < peer, openStream: () => open(peer) });
    const row = { link, usedAtMs: clock.now() };
    rows.set(peer, row);
    return row;
  }

  function leave(peer: PeerId): void {
    const row = rows.get(peer);
    if (!row) return;
    rows.delete(peer);
    row.link.close(new SwarmError('unreachable', 'swarm: the peer is gone', { peer }));
    events.onGone(peer);
    events.onChange();
  }

  async function open(peer: PeerId): Promise<PeerStream> {
    const connection = await connector.connect(peer);
    try {
      const stream = await connection.newStream(WORK_PROTOCOL, { runOnLimitedConnection: true });
      return wrap(peer, stream, connection, true);
    } catch (cause) {
      throw new SwarmError('unreachable', 'swarm: the peer takes no work stream', { peer }, { cause });
    }
  }

  function wrap(peer: PeerId, stream: Stream, connection: Connection, isOpener: boolean): PeerStream {
    const wrapped: PeerStream = createPeerStream(
      { clock },
      { stream, isDirect: isDirectConnection(connection), isOpener },
      {
        onData(bytes) {
          const row = rows.get(peer);
          if (row) row.usedAtMs = clock.now();
          counts.bytesIn += bytes.byteLength;
          counts.messagesIn += 1;
          events.onMessage(peer, bytes);
        },
        onEnd(error) {
          if (error instanceof SwarmError && (error.code === 'garbage' || error.code === 'too-large')) {
            counts.badStreams += 1;
            logger.warn('stream ended for what came over it', { peer, code: error.code });
          }
          rows.get(peer)?.link.drop(wrapped);
          events.onChange();
        },
      },
    );
    return wrapped;
  }

  const onStream = (stream: Stream, connection: Connection) => {
    const peer = connection.remotePeer.toString() as PeerId;
    try {
      rowOf(peer, MAX_INBOUND_PEERS).link.adopt(wrap(peer, stream, connection, false));
      events.onChange();
    } catch (error) {
      stream.abort(error as Error);
    }
  };
  /** A direct connection opened beside a relayed one: the lower side moves the link over. */
  const onConnection = ({ detail: connection }: CustomEvent<Connection>) => {
    const peer = connection.remotePeer.toString() as PeerId;
    const row = rows.get(peer);
    if (!row || !isDirectConnection(connection) || self > peer) return;
    open(peer).then(
      (stream) => row.link.adopt(stream),
      (error: unknown) => logger.debug('link stays relayed', { peer, error: String(error).slice(0, 200) }),
    );
  };
  const onDisconnect = ({ detail }: CustomEvent<{ toString(): string }>) => {
    const peer = detail.toString() as PeerId;
    if (!rows.has(peer)) return;
    clock.after(GONE_GRACE_MS, () => {
      if (!host.getConnections().some(({ remotePeer }) => remotePeer.toString() === peer)) leave(peer);
    });
  };
  // A peer has one link but may open a stream on a relayed and on a direct connection before it ends the first.
  await host.handle(WORK_PROTOCOL, onStream, { runOnLimitedConnection: true, maxInboundStreams: 4, force: true });
  host.addEventListener('connection:open', onConnection);
  host.addEventListener('peer:disconnect', onDisconnect);

  return {
    async send(peer, bytes) {
      const row = rowOf(peer, MAX_WORK_PEERS);
      row.usedAtMs = clock.now();
      try {
        await row.link.send(bytes);
      } catch (error) {
        // Nothing was ever open: there is nobody to be gone.
        if (!row.link.isOpen() && error instanceof SwarmError && error.code === 'unreachable') leave(peer);
        throw error;
      }
      counts.bytesOut += bytes.byteLength;
      counts.messagesOut += 1;
    },
    states: () =>
      [...rows]
        .filter(([, { link }]) => link.isOpen())
        .map(([peer, { link }]) => ({ peer, isDirect: link.isDirect() })),
    counts: () => ({ ...counts }),
    stop() {
      host.removeEventListener('connection:open', onConnection);
      host.removeEventListener('peer:disconnect', onDisconnect);
      for (const peer of rows.keys()) leave(peer);
    },
  };
}
