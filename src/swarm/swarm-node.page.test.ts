import { commands as allCommands } from 'vitest/browser';
import { afterEach, expect, test } from 'vitest';
import type { RelayCommands } from '../../e2e/relay-commands.ts';
import { copyBytes, equalBytes } from '../base/bytes.ts';
import { systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/logger.ts';
import { createIdentity } from './identity.ts';
import { createSwarmNode, type SwarmNode } from './swarm-node.ts';

const commands = allCommands as unknown as RelayCommands;
const stops: (() => Promise<void>)[] = [];
const until = { timeout: 60_000, interval: 20 };

afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

async function startRelay(port?: number): Promise<{ port: number; peerId: string }> {
  const relay = await commands.startRelay(port);
  stops.push(() => commands.stopRelay(relay.port));
  return relay;
}

async function startNode(relay: { port: number; peerId: string }): Promise<SwarmNode> {
  const node = createSwarmNode(
    { clock: systemClock, logger: silentLogger },
    { identitySeed: createIdentity().seed, relays: [`/ip4/127.0.0.1/tcp/${relay.port}/ws/p2p/${relay.peerId}`] },
  );
  stops.push(() => node.stop());
  await node.start();
  await expect.poll(() => node.status().relays[0]?.isReserved, until).toBe(true);
  return node;
}

const isDirectTo = (node: SwarmNode, peer: SwarmNode) =>
  node.status().links.some((link) => link.peer === peer.self && link.isDirect);

test(
  'two nodes reach each other by WebRTC, exchange 1 MiB frames and survive the relay',
  { timeout: 240_000 },
  async () => {
    const relay = await startRelay();
    const [a, b] = [await startNode(relay), await startNode(relay)];
    const atB: Uint8Array[] = [];
    const atA: Uint8Array[] = [];
    b.onMessage((_peer, bytes) => void atB.push(bytes));
    a.onMessage((_peer, bytes) => void atA.push(bytes));

    // The first messages go over the relay while WebRTC is on its way; the order must hold through the change.
    const startedAtMs = performance.now();
    const order = 400;
    for (let i = 0; i < order; i++) {
      await a.send(b.self, Uint8Array.of(i & 255, i >> 8));
      await b.send(a.self, Uint8Array.of(i & 255, i >> 8));
      if (i % 4 === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await expect.poll(() => isDirectTo(a, b) && isDirectTo(b, a), until).toBe(true);
    const directMs = performance.now() - startedAtMs;
    await expect.poll(() => [atA.length, atB.length], until).toEqual([order, order]);
    const numbers = (list: Uint8Array[]) => list.map((bytes) => (bytes[0] ?? 0) + 256 * (bytes[1] ?? 0));
    expect(numbers(atA)).toEqual(Array.from({ length: order }, (_, i) => i));
    expect(numbers(atB)).toEqual(Array.from({ length: order }, (_, i) => i));

    atB.length = 0;
    const frame = copyBytes(new Uint8Array(1024 * 1024).map((_, i) => i * 17));
    const frames = 16;
    const bulkStartMs = performance.now();
    for (let i = 0; i < frames; i++) await a.send(b.self, frame);
    await expect.poll(() => atB.length, until).toBe(frames);
    const bulkMs = performance.now() - bulkStartMs;
    for (const bytes of atB) expect(equalBytes(bytes, frame)).toBe(true);

    // The left-over relayed connections go: what stays is the relay and the peer.
    await expect.poll(() => [a.status().connections, b.status().connections], until).toEqual([2, 2]);

    await commands.stopRelay(relay.port);
    await expect.poll(() => a.status().relays[0]?.isConnected, until).toBe(false);
    atB.length = 0;
    await a.send(b.self, frame);
    await expect.poll(() => atB.length, until).toBe(1);

    const again = await startRelay(relay.port);
    const backMs = performance.now();
    await expect.poll(() => [a, b].every((node) => node.status().relays[0]?.isReserved), until).toBe(true);
    const regainedMs = performance.now() - backMs;
    const c = await startNode(again);
    await c.send(a.self, Uint8Array.of(1));
    await expect.poll(() => isDirectTo(c, a) && isDirectTo(a, c), until).toBe(true);
    const { directDials, directDialsFailed, peerConnectionsMade } = a.status();
    console.log(
      JSON.stringify({
        directMs,
        mibPerS: (frames / bulkMs) * 1000,
        regainedMs,
        directDials,
        directDialsFailed,
        peerConnectionsMade,
      }),
    );
  },
);

test('12 peers in a row reach one node directly', { timeout: 240_000 }, async () => {
  const relay = await startRelay();
  const hub = await startNode(relay);
  let dials = 0;
  let failed = 0;
  for (let i = 0; i < 12; i++) {
    const peer = await startNode(relay);
    await peer.send(hub.self, Uint8Array.of(i));
    await expect.poll(() => isDirectTo(peer, hub) && isDirectTo(hub, peer), until).toBe(true);
    dials += peer.status().directDials;
    failed += peer.status().directDialsFailed;
  }
  dials += hub.status().directDials;
  failed += hub.status().directDialsFailed;
  // The relay and one connection to each peer: nothing is left over.
  await expect.poll(() => hub.status().connections, until).toBe(13);
  console.log(JSON.stringify({ dials, failed }));
});
