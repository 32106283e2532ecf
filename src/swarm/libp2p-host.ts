/**
 * The libp2p of a node, configured. Loaded on first use: it is the largest library of the page (222 KB compressed,
 * reference p2p-stack, section 1).
 */
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2';
import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { gossipsub } from '@libp2p/gossipsub';
import { identify, identifyPush } from '@libp2p/identify';
import { noise } from '@libp2p/noise';
import { ping } from '@libp2p/ping';
import { webSockets } from '@libp2p/websockets';
import { yamux } from '@libp2p/yamux';
import { createLibp2p } from 'libp2p';
import { DIRECT_DIAL_TIMEOUT_MS } from './constants.ts';
import { gossipOptions } from './gossip-options.ts';
import { loadWebRTC } from './patient-peer-connection.ts';

export interface HostInit {
  /** 32-byte Ed25519 seed. */
  readonly seed: Uint8Array;
  readonly relayCount: number;
  readonly iceServers: readonly RTCIceServer[];
}

export type Host = Awaited<ReturnType<typeof openHost>>;

/** True where this realm can connect to peers directly: pages can, Node and workers cannot. */
export const canConnectDirectly = typeof globalThis.RTCPeerConnection === 'function';

/**
 * Everybody behind our relay comes to us from the relay's address, so libp2p's bound of 5 new connections a second and
 * host would refuse a busy node's peers (reference p2p-stack, section 3.4).
 */
const MAX_NEW_CONNECTIONS_PER_SECOND = 50;
const MAX_PENDING_CONNECTIONS = 50;
const MAX_RELAYS_LISTENED_ON = 2;

// Of the page and not of a node: so is the browser's limit.
let made = 0;
const countPeerConnection = () => {
  made += 1;
};

/** RTCPeerConnections that libp2p has made in this page. */
export function peerConnectionsMade(): number {
  return made;
}

/** A libp2p that is not started yet. */
export async function openHost(init: HostInit) {
  const webRTC = canConnectDirectly ? (await loadWebRTC(countPeerConnection)).webRTC : undefined;
  const rtcConfiguration = { iceServers: [...init.iceServers] };
  const circuits = Array.from(
    { length: Math.max(1, Math.min(init.relayCount, MAX_RELAYS_LISTENED_ON)) },
    () => '/p2p-circuit',
  );
  return createLibp2p({
    start: false,
    privateKey: await generateKeyPairFromSeed('Ed25519', init.seed),
    addresses: { listen: webRTC ? [...circuits, '/webrtc'] : circuits },
    transports: [webSockets(), circuitRelayTransport(), ...(webRTC ? [webRTC({ rtcConfiguration })] : [])],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    // libp2p refuses loopback addresses in a page; an operator's process on the same machine is the ordinary trial.
    connectionGater: { denyDialMultiaddr: () => false },
    connectionManager: {
      inboundConnectionThreshold: MAX_NEW_CONNECTIONS_PER_SECOND,
      maxIncomingPendingConnections: MAX_PENDING_CONNECTIONS,
      // An attempt that is given up runs on inside libp2p, and the next one only joins it, until this ends it.
      addressDialTimeout: DIRECT_DIAL_TIMEOUT_MS,
      // Our own supervisor redials: libp2p's gives up after one failed WebSocket (section 3.5).
      reconnectRetries: 0,
    },
    services: {
      identify: identify(),
      identifyPush: identifyPush(),
      ping: ping(),
      pubsub: gossipsub(gossipOptions),
    },
  });
}
