import { expect, test } from 'vitest';
import { createFakeClock, type FakeClock } from '../base/fake-clock.ts';
import type { JobId } from '../base/branded.ts';
import { createProvider, createRequester, withLoopback, type Requester } from './index.ts';
import {
  batchOf,
  createFakeDirectory,
  createFakeExecutor,
  createFakeStore,
  createMemoryNetwork,
  createPeer,
  letters,
  linesOf,
  linkOf,
  resolveModel,
  type ExecutorInit,
} from './simulation.compliance.ts';

function createSwarm(providers: readonly ExecutorInit[], store = createFakeStore(), clock = createFakeClock()) {
  const network = createMemoryNetwork(clock);
  const peers = providers.map((init, i) => {
    const peer = createPeer(i + 1);
    const executor = createFakeExecutor(clock, init);
    const channel = network.channel(peer.id);
    return { peer, executor, provider: createProvider({ ...linkOf(clock, channel, peer), executor }) };
  });
  const directory = createFakeDirectory(
    peers.map(({ peer }) => ({ peer: peer.id, freeSlots: 4, tokensPerSecond: 40 })),
  );
  const self = createPeer(0);
  const channel = withLoopback(network.channel(self.id));
  const components = {
    ...linkOf(clock, channel, self),
    directory,
    store,
    tokensFor: async () => letters,
    resolveModel,
    randomU32: () => 12345,
  };
  const requester = createRequester(components);
  const start = () => Promise.all(peers.map(({ provider }) => provider.start()));
  return { clock, network, peers, directory, self, channel, components, requester, start };
}

async function untilOver(clock: FakeClock, requester: Requester, id: JobId, limitMs = 600_000) {
  const endMs = clock.now() + limitMs;
  while (['running', 'waiting'].includes(requester.view(id).state) && clock.now() < endMs) await clock.advance(500);
  return requester.view(id);
}

test('two providers answer 200 records in input order, and neither sees more than its share', async () => {
  const { clock, requester, peers, start, self } = createSwarm([{}, {}]);
  await start();
  const id = await requester.submit({ file: batchOf(200), fileName: 'a.jsonl' });
  const view = await untilOver(clock, requester, id);
  expect(view).toMatchObject({ state: 'done', recordsTotal: 200, recordsDone: 200, recordsFailed: 0, reissues: 0 });
  const { output, errors } = await requester.outputFiles(id);
  expect((await linesOf(output)).map((line) => line.custom_id)).toEqual(Array.from({ length: 200 }, (_, i) => `r${i}`));
  expect(errors.size).toBe(0);
  expect(view.byPeer.map(({ records }) => records).reduce((a, b) => a + b, 0)).toBe(200);
  for (const { records } of view.byPeer) expect(records).toBeLessThanOrEqual(120);
  expect(view.byPeer).toHaveLength(2);
  expect(peers.map(({ provider }) => provider.stats().refusedMessages)).toEqual([0, 0]);
  expect(requester.metrics()['refusedMessages']).toBe(0);
  expect(self.id).not.toBe(peers[0]?.peer.id);
});
