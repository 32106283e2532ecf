import './web-socket-shim.ts';
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2';
import { identify } from '@libp2p/identify';
import { noise } from '@libp2p/noise';
import { webSockets } from '@libp2p/websockets';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { expect, test } from 'vitest';
import { silentLogger } from '../base/logger.ts';
import { peerIdOf } from './identity.ts';
import { createSigner } from '../protocol/index.ts';
import { createRelayNode } from './relay-node.ts';

const seed = new Uint8Array(32).fill(7);

test('20 peers that arrive at once from one host all get a reservation', async () => {
  const relay = await createRelayNode({ seed, logger: silentLogger });
  const address = multiaddr(`/ip4/127.0.0.1/tcp/${relay.port}/ws/p2p/${relay.peerId}`);
  const clients = await Promise.all(
    Array.from({ length: 20 }, () =>
      createLibp2p({
        addresses: { listen: ['/p2p-circuit'] },
        transports: [webSockets(), circuitRelayTransport()],
        connectionEncrypters: [noise()],
        streamMuxers: [yamux()],
        services: { identify: identify() },
      }),
    ),
  );
  try {
    await Promise.all(clients.map((client) => client.dial(address)));
    await expect.poll(() => relay.metrics().reservations, { timeout: 15_000 }).toBe(20);
    expect(relay.metrics().connections).toBe(20);
  } finally {
    for (const client of clients) await client.stop();
    await relay.stop();
  }
});

test('a relay keeps its name over restarts, and a given port', async () => {
  const first = await createRelayNode({ seed, logger: silentLogger });
  await first.stop();
  const second = await createRelayNode({ seed, logger: silentLogger, port: first.port });
  await second.stop();
  expect(second.port).toBe(first.port);
  expect(second.peerId).toBe(first.peerId);
  expect(first.peerId).toBe(peerIdOf(createSigner(seed).publicKey));
});
