import { createFakeClock, type FakeClock } from '../base/fake-clock.ts';
import type { JobId } from '../base/branded.ts';
import { createProvider, createRequester, withLoopback, type Requester } from './index.ts';
import {
  createFakeDirectory,
  createFakeExecutor,
  createFakeStore,
  createMemoryNetwork,
  createPeer,
  freezable,
  letters,
  linkOf,
  mortal,
  resolveAdapter,
  resolveModel,
  type ExecutorInit,
} from './simulation.compliance.ts';

/** One requester and its providers, on the clock of the test. */
export function createSwarm(providers: readonly ExecutorInit[], store = createFakeStore(), clock = createFakeClock()) {
  const network = createMemoryNetwork(clock);
  const peers = providers.map((init, i) => {
    const peer = createPeer(i + 1);
    const executor = createFakeExecutor(clock, init);
    const tab = freezable(network.channel(peer.id));
    return { peer, executor, tab, provider: createProvider({ ...linkOf(clock, tab.channel, peer), executor }) };
  });
  const directory = createFakeDirectory(
    peers.map(({ peer }) => ({ peer: peer.id, freeSlots: 4, tokensPerSecond: 40 })),
  );
  const self = createPeer(0);
  const page = mortal(network.channel(self.id));
  const channel = withLoopback(page.channel);
  const components = {
    ...linkOf(clock, channel, self),
    directory,
    store,
    tokensFor: async () => letters,
    resolveModel,
    resolveAdapter,
    randomU32: () => 12345,
  };
  const requester = createRequester(components);
  const start = () => Promise.all(peers.map(({ provider }) => provider.start()));
  return { clock, network, peers, directory, self, page, channel, components, requester, start };
}

/** Lets time pass until the job has ended. */
export async function untilOver(clock: FakeClock, requester: Requester, id: JobId, limitMs = 600_000) {
  const endMs = clock.now() + limitMs;
  while (['running', 'waiting'].includes(requester.view(id).state) && clock.now() < endMs) await clock.advance(500);
  return requester.view(id);
}
