import type { ModelRoot, PeerId } from '../base/branded.ts';
import type { Bytes } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import { createEmitter, type Emitter } from '../base/emitter.ts';
import type { Logger } from '../base/logger.ts';
import type { Startable } from '../base/startable.ts';
import { createSigner } from '../protocol/index.ts';
import { SwarmError } from './errors.ts';
import { identityOf } from './identity.ts';
import type { KnownPeer, ServingPeer } from './presence-table.ts';
import type { LocalAdvert } from './presence-publisher.ts';
import type { RunningNode } from './running-node.ts';
import { createPresenceTable } from './presence-table.ts';
import type { SwarmStatus } from './swarm-status.ts';

export interface SwarmNodeComponents {
  readonly clock: Clock;
  readonly logger: Logger;
}

export interface SwarmNodeInit {
  /** 32-byte Ed25519 seed, see `createIdentity`. */
  readonly identitySeed: Uint8Array;
  /** Multiaddrs of relays that end in `/p2p/PEER-ID`. */
  readonly relays: readonly string[];
  /** STUN and TURN servers of our own choice; none by default: nobody else learns who is here. */
  readonly iceServers?: readonly RTCIceServer[];
}

export interface SwarmEvents {
  /** Who is present changed. */
  readonly peers: readonly KnownPeer[];
  /** Relays, links or addresses changed. */
  readonly status: SwarmStatus;
}

/** One node of the swarm. Its `send`, `onMessage` and `onGone` are the `Channel` that `work` asks for. */
export interface SwarmNode extends Startable, Emitter<SwarmEvents> {
  readonly self: PeerId;
  /**
   * Sends one message of at most 1 MiB, in order for each peer; connects first if needed.
   *
   * @throws {SwarmError} `not-started`, `unreachable`, `too-large`, `backlog-full`, `peer-limit` or `stream-closed`
   */
  send(peer: PeerId, bytes: Bytes): Promise<void>;
  onMessage(listener: (peer: PeerId, bytes: Uint8Array) => void): () => void;
  onGone(listener: (peer: PeerId) => void): () => void;
  /** Tells the swarm what this node serves; an empty list of models means: nothing. */
  announce(advert: LocalAdvert): void;
  peers(): readonly KnownPeer[];
  /** Peers that say they serve this model, without this node. */
  serving(model: ModelRoot): readonly ServingPeer[];
  status(): SwarmStatus;
  /** Redials relays at once, e.g. on the page's `online` event. */
  wake(): void;
}

const SWEEP_MS = 1_000;

/** @throws {SwarmError} `identity-invalid` or `address-invalid` */
export function createSwarmNode(components: SwarmNodeComponents, init: SwarmNodeInit): SwarmNode {
  const { clock } = components;
  const identity = identityOf(init.identitySeed);
  const signer = createSigner(identity.seed);
  const emitter = createEmitter<SwarmEvents>();
  const messages = createEmitter<{ message: [PeerId, Uint8Array]; gone: PeerId }>();
  const gone = (peer: PeerId) => messages.emit('gone', peer);
  const table = createPresenceTable(
    { clock },
    {
      onChange: () => emitter.emit('peers', table.peers()),
      onLeave(peer, why) {
        // Without a relay adverts may fail to come while a direct link is as good as ever.
        if (why === 'goodbye' || !running?.status().links.some((link) => link.peer === peer)) gone(peer);
      },
    },
  );
  let advert: LocalAdvert | undefined;
  let starting: Promise<RunningNode> | undefined;
  let running: RunningNode | undefined;
  let cancelSweep: (() => void) | undefined;

  const status = (): SwarmStatus =>
    running?.status() ?? {
      isRunning: false,
      relays: init.relays.map((address) => ({ address, isConnected: false, isReserved: false, dials: 0 })),
      links: [],
      connections: 0,
      peerConnectionsMade: 0,
      directDials: 0,
      directDialsFailed: 0,
      traffic: { bytesIn: 0, bytesOut: 0, messagesIn: 0, messagesOut: 0, badStreams: 0, refusedPeers: 0 },
      advertsRefused: table.refusals(),
    };
  const statusChanged = () => emitter.emit('status', status());

  return {
    self: identity.peerId,
    on: emitter.on,
    async start() {
      if (starting) {
        await starting;
        return;
      }
      starting = import('./running-node.ts').then(({ startNode }) =>
        startNode(
          { ...components, signer, table },
          { seed: identity.seed, relays: init.relays, iceServers: init.iceServers ?? [] },
          {
            onMessage: (peer, bytes) => messages.emit('message', [peer, bytes]),
            onGone: gone,
            onChange: statusChanged,
          },
        ),
      );
      try {
        running = await starting;
      } catch (error) {
        starting = undefined;
        throw error;
      }
      cancelSweep = clock.every(SWEEP_MS, table.sweep);
      if (advert) running.announce(advert);
      statusChanged();
    },
    async stop() {
      const ending = await starting?.catch(() => undefined);
      starting = undefined;
      running = undefined;
      cancelSweep?.();
      await ending?.stop();
      table.clear();
      statusChanged();
    },
    async send(peer, bytes) {
      if (!running) throw new SwarmError('not-started', 'swarm: the node is not started', { peer });
      await running.send(peer, bytes);
    },
    onMessage: (listener) => messages.on('message', ([peer, bytes]) => listener(peer, bytes)),
    onGone: (listener) => messages.on('gone', listener),
    announce(next) {
      advert = next;
      running?.announce(next);
    },
    peers: table.peers,
    serving: table.serving,
    status,
    wake: () => running?.wake(),
  };
}
