import { noise } from '@libp2p/noise';
import { circuitRelayServer } from '@libp2p/circuit-relay-v2';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { gossipsub, TopicValidatorResult, type Message } from '@libp2p/gossipsub';
import { identify, identifyPush } from '@libp2p/identify';
import { ping } from '@libp2p/ping';
import { webSockets } from '@libp2p/websockets';
import { yamux } from '@libp2p/yamux';
import { createLibp2p } from 'libp2p';
import type { Logger } from '../base/logger.ts';
import { PRESENCE_TOPIC } from '../protocol/index.ts';
import { gossipOptions } from './gossip-options.ts';
import { readAdvert } from './presence-check.ts';
import { createPublishedTorrents } from './published-torrents.ts';

export interface RelayNodeInit {
  /** 32-byte Ed25519 seed; keep it, because it is the address that pages know the relay by. */
  readonly seed: Uint8Array;
  readonly logger: Logger;
  /** Port to listen on; 0, the default, takes a free one. */
  readonly port?: number;
  /** How much one relayed connection may carry, each way. */
  readonly circuitLimit?: { readonly durationMs: number; readonly dataBytes: number };
}

export interface RelayNode {
  readonly peerId: string;
  /** Where it listens for WebSockets, on 127.0.0.1. */
  readonly port: number;
  /** Whether a peer tells now that it shares this torrent; 40 hex digits. */
  isPublished(infoHash: string): boolean;
  metrics(): RelayMetrics;
  stop(): Promise<void>;
}

export interface RelayMetrics {
  readonly connections: number;
  readonly reservations: number;
  /** Adverts passed on and refused since the start. */
  readonly advertsSeen: number;
  readonly advertsRefused: number;
}

/**
 * Connections, one or two a peer. libp2p's default of 300 would make a relay cut its peers off one by one. About
 * 0.4 MiB each (reference p2p-stack, section 3.1).
 */
const MAX_CONNECTIONS = 2_048;
/** The operator's proxy makes everybody seem to come from one host; libp2p's default lets 5 a second of one host in. */
const MAX_NEW_CONNECTIONS_PER_SECOND = 500;
const MAX_PENDING_CONNECTIONS = 500;
const MAX_RESERVATIONS = 1_024;
/**
 * About one pair in five cannot connect directly (reference p2p-stack, section 7). Work is small — a fragment and its
 * results are some 100 KB — so the relay stands in for TURN within these bounds. libp2p's default of 128 KiB in 2 min
 * carries the signalling of WebRTC and no more.
 */
const CIRCUIT_LIMIT = { durationMs: 30 * 60_000, dataBytes: 16 * 1024 * 1024 };
/** A relay keeps every page in its mesh; the usual 6 to 12 would leave the others a second behind. */
const MESH = { D: 64, Dlo: 16, Dhi: 512, Dscore: 16 };

/**
 * The operator's meeting point: circuit relay and gossip over WebSocket on the loopback interface, behind the one
 * public port of the operator's process.
 */
export async function createRelayNode(init: RelayNodeInit): Promise<RelayNode> {
  const { logger, circuitLimit = CIRCUIT_LIMIT } = init;
  const node = await createLibp2p({
    privateKey: await generateKeyPairFromSeed('Ed25519', init.seed),
    addresses: { listen: [`/ip4/127.0.0.1/tcp/${init.port ?? 0}/ws`] },
    transports: [webSockets()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    // Peers come to a relay; it never goes to them, whatever they say of their addresses.
    connectionGater: { denyDialMultiaddr: () => true },
    connectionManager: {
      maxConnections: MAX_CONNECTIONS,
      inboundConnectionThreshold: MAX_NEW_CONNECTIONS_PER_SECOND,
      maxIncomingPendingConnections: MAX_PENDING_CONNECTIONS,
    },
    services: {
      identify: identify(),
      identifyPush: identifyPush(),
      ping: ping(),
      pubsub: gossipsub({ ...gossipOptions, ...MESH }),
      relay: circuitRelayServer({
        reservations: {
          maxReservations: MAX_RESERVATIONS,
          defaultDurationLimit: circuitLimit.durationMs,
          defaultDataLimit: BigInt(circuitLimit.dataBytes),
        },
        maxOutboundStopStreams: MAX_RESERVATIONS,
      }),
    },
  });
  const published = createPublishedTorrents();
  const counts = { seen: 0, refused: 0 };
  node.services.pubsub.topicValidators.set(PRESENCE_TOPIC, (_from: unknown, message: Message) => {
    counts.seen += 1;
    const advert = message.type === 'signed' ? readAdvert(message.data, message.from.toString()) : undefined;
    if (advert) {
      published.take(advert);
      return TopicValidatorResult.Accept;
    }
    counts.refused += 1;
    return TopicValidatorResult.Reject;
  });
  node.services.pubsub.subscribe(PRESENCE_TOPIC);
  const port = listeningPort(node.getMultiaddrs().map(String));
  logger.info('relay is listening', { port, peerId: node.peerId.toString() });
  return {
    peerId: node.peerId.toString(),
    port,
    isPublished: published.has,
    metrics: () => ({
      connections: node.getConnections().length,
      reservations: node.services.relay.reservations.size,
      advertsSeen: counts.seen,
      advertsRefused: counts.refused,
    }),
    stop: async () => node.stop(),
  };
}

function listeningPort(addresses: readonly string[]): number {
  for (const address of addresses) {
    const port = /\/tcp\/(\d+)\/ws/.exec(address)?.[1];
    if (port !== undefined) return Number(port);
  }
  return 0;
}
