import '../swarm/web-socket-shim.ts';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { circuitRelayTransport } from '@libp2p/circuit-relay-v2';
import { gossipsub } from '@libp2p/gossipsub';
import { identify } from '@libp2p/identify';
import { noise } from '@libp2p/noise';
import { webSockets } from '@libp2p/websockets';
import { yamux } from '@libp2p/yamux';
import { multiaddr } from '@multiformats/multiaddr';
import { createLibp2p } from 'libp2p';
import { parse } from 'valibot';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bootstrap, PRESENCE_TOPIC } from '../protocol/index.ts';
import { createOperator, type Operator } from './operator.ts';

let folder: string;
let operator: Operator;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'starling-proxy-'));
  await writeFile(join(folder, 'index.html'), '');
  operator = await createOperator({ dataDir: join(folder, 'data'), app: folder });
});
afterAll(async () => {
  await operator.stop();
  await rm(folder, { recursive: true });
});

const startPeer = () =>
  createLibp2p({
    addresses: { listen: ['/p2p-circuit'] },
    transports: [webSockets(), circuitRelayTransport()],
    connectionEncrypters: [noise()],
    streamMuxers: [yamux()],
    connectionGater: { denyDialMultiaddr: () => false },
    services: { identify: identify(), pubsub: gossipsub({ allowPublishToZeroTopicPeers: true }) },
  });

async function metric(name: string): Promise<number> {
  const text = await (await fetch(new URL('/metrics', operator.url))).text();
  return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
}

test('two libp2p peers get reservations at the one public port, reach each other, and leave nothing behind', async () => {
  const { relays } = parse(bootstrap, await (await fetch(new URL('/bootstrap.json', operator.url))).json());
  const peers = await Promise.all([startPeer(), startPeer()]);
  const [a, b] = peers;
  try {
    for (const peer of peers) {
      peer.services.pubsub.subscribe(PRESENCE_TOPIC);
      await peer.dial(multiaddr(relays[0] ?? ''));
    }
    await expect.poll(() => metric('starling_relay_reservations'), { timeout: 10_000 }).toBe(2);
    expect(await metric('starling_relay_sockets')).toBe(2);
    const connection = await a.dial(multiaddr(`${relays[0]}/p2p-circuit/p2p/${b.peerId.toString()}`));
    expect(connection.remotePeer.toString()).toBe(b.peerId.toString());
    // The relay is in the gossip: it sees what a peer says, and refuses it, because this is no presence advert.
    await expect.poll(() => a.services.pubsub.getSubscribers(PRESENCE_TOPIC).length).toBeGreaterThan(0);
    await a.services.pubsub.publish(PRESENCE_TOPIC, Uint8Array.of(1, 2, 3));
    await expect.poll(() => metric('starling_relay_adverts_refused'), { timeout: 10_000 }).toBe(1);
  } finally {
    for (const peer of peers) await peer.stop();
  }
  await expect.poll(() => metric('starling_relay_sockets'), { timeout: 10_000 }).toBe(0);
});

test.each([
  ['another protocol', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n', /^HTTP\/1\.1 400 /],
  [
    'a broken handshake',
    'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    /^HTTP\/1\.1 400 /,
  ],
  [
    'a broken handshake of the tracker',
    'GET /announce?x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
    /^HTTP\/1\.1 400 /,
  ],
])('an upgrade to %s is answered and closed', async (_name, request, expected) => {
  const answer = await new Promise<string>((done, fail) => {
    const socket = connect(Number(new URL(operator.url).port), '127.0.0.1', () => socket.write(request));
    let text = '';
    socket.on('data', (chunk) => (text += chunk.toString()));
    socket.once('close', () => done(text));
    socket.once('error', fail);
  });
  expect(answer).toMatch(expected);
  expect(await metric('starling_relay_sockets')).toBe(0);
});
