import './web-socket-shim.ts';
import { afterEach, expect, test } from 'vitest';
import type { ModelRoot } from '../base/branded.ts';
import { copyBytes } from '../base/bytes.ts';
import { systemClock } from '../base/clock.ts';
import { silentLogger } from '../base/logger.ts';
import { createIdentity } from './identity.ts';
import { createRelayNode, type RelayNode } from './relay-node.ts';
import { createSwarmNode, type SwarmNode } from './swarm-node.ts';

const seed = new Uint8Array(32).fill(9);
const model = 'ab'.repeat(32) as ModelRoot;
const stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.splice(0).toReversed()) await stop();
});

async function startRelay(port = 0): Promise<RelayNode> {
  const relay = await createRelayNode({ seed, logger: silentLogger, port });
  stops.push(() => relay.stop());
  return relay;
}

async function startNode(relay: RelayNode): Promise<SwarmNode> {
  const node = createSwarmNode(
    { clock: systemClock, logger: silentLogger },
    {
      identitySeed: createIdentity().seed,
      relays: [`/ip4/127.0.0.1/tcp/${relay.port}/ws/p2p/${relay.peerId}`],
    },
  );
  stops.push(() => node.stop());
  await node.start();
  return node;
}

function received(node: SwarmNode): Uint8Array[] {
  const list: Uint8Array[] = [];
  node.onMessage((_peer, bytes) => void list.push(bytes));
  return list;
}

const until = { timeout: 15_000, interval: 20 };

async function reserved(...nodes: SwarmNode[]): Promise<void> {
  for (const node of nodes) await expect.poll(() => node.status().relays[0]?.isReserved, until).toBe(true);
}

test('two nodes hear of each other, exchange frames both ways in order, and a goodbye is heard', async () => {
  const relay = await startRelay();
  const [a, b] = [await startNode(relay), await startNode(relay)];
  a.announce({ models: [{ root: model, freeSlots: 3, tokensPerSecond: 12.5 }], agent: 'test' });
  b.announce({ models: [], agent: 'test' });
  await expect.poll(() => b.serving(model), until).toEqual([{ peer: a.self, freeSlots: 3, tokensPerSecond: 12.5 }]);
  await expect.poll(() => a.peers().map(({ peer }) => peer), until).toEqual([b.self]);

  await reserved(a, b);
  const [atA, atB] = [received(a), received(b)];
  // Both send at once: each may open a stream, and nothing may be lost, doubled or out of order.
  const count = 50;
  const sends = Array.from({ length: count }, (_, i) => [
    a.send(b.self, Uint8Array.of(1, i)),
    b.send(a.self, Uint8Array.of(2, i)),
  ]).flat();
  await Promise.all(sends);
  await expect.poll(() => [atA.length, atB.length], until).toEqual([count, count]);
  expect(atB.map((bytes) => bytes[1])).toEqual(Array.from({ length: count }, (_, i) => i));
  expect(atA.map((bytes) => bytes[1])).toEqual(Array.from({ length: count }, (_, i) => i));

  const big = copyBytes(new Uint8Array(1024 * 1024).map((_, i) => i * 31));
  await a.send(b.self, big);
  await expect.poll(() => atB.length, until).toBe(count + 1);
  expect(atB.at(-1)).toEqual(big);
  await expect(a.send(b.self, new Uint8Array(1024 * 1024 + 1))).rejects.toMatchObject({ code: 'too-large' });

  const gone = new Promise((resolve) => b.onGone(resolve));
  await a.stop();
  expect(await gone).toBe(a.self);
  await expect.poll(() => b.peers(), until).toEqual([]);
});

test('a restarted relay is found again by itself, and frames flow again', async () => {
  const relay = await startRelay();
  const [a, b] = [await startNode(relay), await startNode(relay)];
  await reserved(a, b);
  const atB = received(b);
  await a.send(b.self, Uint8Array.of(1));
  await expect.poll(() => atB.length, until).toBe(1);
  await relay.stop();
  await expect.poll(() => a.status().relays[0]?.isConnected, until).toBe(false);
  await expect(a.send(b.self, Uint8Array.of(2))).rejects.toMatchObject({ name: 'SwarmError' });
  await new Promise((resolve) => setTimeout(resolve, 2_000));
  const again = await startRelay(relay.port);
  expect(again.peerId).toBe(relay.peerId);
  const startedAtMs = performance.now();
  await reserved(a, b);
  console.log(`relay back after ${(performance.now() - startedAtMs).toFixed(0)} ms`);
  await a.send(b.self, Uint8Array.of(3));
  await expect.poll(() => atB.map((bytes) => bytes[0]), until).toEqual([1, 3]);
  expect(again.metrics().reservations).toBe(2);
});

test('a peer that is not there is out of reach by name, and a wrong relay address is refused', async () => {
  const relay = await startRelay();
  const a = await startNode(relay);
  await reserved(a);
  await expect(a.send(createIdentity().peerId, Uint8Array.of(1))).rejects.toMatchObject({ code: 'unreachable' });
  const wrong = createSwarmNode(
    { clock: systemClock, logger: silentLogger },
    { identitySeed: createIdentity().seed, relays: ['/ip4/127.0.0.1/tcp/1/ws'] },
  );
  await expect(wrong.start()).rejects.toMatchObject({ code: 'address-invalid' });
  await expect(wrong.send(a.self, Uint8Array.of(1))).rejects.toMatchObject({ code: 'not-started' });
});
