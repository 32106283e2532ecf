import { TopicValidatorResult, type Message } from '@libp2p/gossipsub';
import type { PeerId } from '../base/branded.ts';
import type { Bytes } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { PRESENCE_TOPIC, type Signer } from '../protocol/index.ts';
import { createConnector } from './connector.ts';
import { canConnectDirectly, openHost, peerConnectionsMade } from './libp2p-host.ts';
import { createLinkTable } from './link-table.ts';
import { createPresencePublisher, type LocalAdvert } from './presence-publisher.ts';
import type { PresenceTable } from './presence-table.ts';
import { parseRelayAddress } from './relay-address.ts';
import { superviseRelays } from './relay-supervisor.ts';
import type { SwarmStatus } from './swarm-status.ts';

/** Everything of a node that holds a connection or a timer; made by `start`, gone after `stop`. */
export interface RunningNode {
  send(peer: PeerId, bytes: Bytes): Promise<void>;
  announce(advert: LocalAdvert): void;
  status(): SwarmStatus;
  wake(): void;
  stop(): Promise<void>;
}

export interface RunningNodeEvents {
  onMessage(peer: PeerId, bytes: Bytes): void;
  onGone(peer: PeerId): void;
  onChange(): void;
}

interface Components {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signer: Signer;
  readonly table: PresenceTable;
}

interface Init {
  readonly seed: Uint8Array;
  readonly relays: readonly string[];
  readonly iceServers: readonly RTCIceServer[];
}

const GOODBYE_MS = 300;

export async function startNode(components: Components, init: Init, events: RunningNodeEvents): Promise<RunningNode> {
  const { clock, logger, signer, table } = components;
  const relays = init.relays.map(parseRelayAddress);
  const host = await openHost({
    seed: init.seed,
    relayCount: relays.length,
    iceServers: init.iceServers,
  });
  const { pubsub } = host.services;
  pubsub.topicValidators.set(PRESENCE_TOPIC, (_from: unknown, message: Message) =>
    message.type === 'signed' && table.admit(message.data, message.from.toString())
      ? TopicValidatorResult.Accept
      : TopicValidatorResult.Ignore,
  );
  await host.start();
  pubsub.subscribe(PRESENCE_TOPIC);
  const publisher = createPresencePublisher({ clock, signer }, (topic, bytes) => pubsub.publish(topic, bytes));
  // Whoever joins learns of us now and not at the next period.
  pubsub.addEventListener('subscription-change', publisher.repeat);
  const supervisor = superviseRelays({ host, clock, logger }, relays, events.onChange);
  const connector = createConnector(
    { host, clock, logger },
    { canConnectDirectly, relays: supervisor.connected, peerConnectionsMade },
  );
  const links = await createLinkTable({ host, connector, clock, logger }, events);

  return {
    send: (peer, bytes) => links.send(peer, bytes),
    announce: publisher.announce,
    status: () => ({
      isRunning: true,
      relays: supervisor.states(),
      links: links.states(),
      connections: host.getConnections().length,
      peerConnectionsMade: peerConnectionsMade(),
      ...connector.counts(),
      traffic: links.counts(),
      advertsRefused: table.refusals(),
    }),
    wake: supervisor.wake,
    async stop() {
      pubsub.removeEventListener('subscription-change', publisher.repeat);
      // The goodbye is a courtesy: it never holds up an end.
      await Promise.race([publisher.stop(), new Promise<void>((resolve) => clock.after(GOODBYE_MS, resolve))]);
      supervisor.stop();
      connector.stop();
      links.stop();
      await host.stop();
    },
  };
}
