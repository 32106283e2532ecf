import { expect, test } from 'vitest';
import { createFakeClock } from '../base/fake-clock.ts';
import type { AdapterRoot } from '../base/branded.ts';
import { createAdapterExchange, type AdapterDocuments } from './adapter-exchange.ts';
import { ADAPTER, createMemoryNetwork, createPeer, linkOf } from './simulation.compliance.ts';

const documents: AdapterDocuments = { manifestBytes: Uint8Array.of(1, 2), torrent: Uint8Array.of(3) };

function createPair() {
  const clock = createFakeClock();
  const network = createMemoryNetwork(clock);
  const [author, visitor] = [createPeer(1), createPeer(2)];
  let asked = 0;
  const open = (peer: typeof author, share: (root: AdapterRoot) => Promise<AdapterDocuments | undefined>) =>
    createAdapterExchange(linkOf(clock, network.channel(peer.id), peer), share);
  open(author, async (root) => {
    asked += 1;
    return root === ADAPTER ? documents : undefined;
  });
  const exchange = open(visitor, async () => undefined);
  return { clock, network, author, exchange, asked: () => asked };
}

test('the documents of an adapter that a peer shares come when they are asked for', async () => {
  const { clock, author, exchange } = createPair();
  const asking = exchange.ask(author.id, ADAPTER);
  await clock.advance(100);
  expect(await asking).toEqual(documents);
});

test('what a peer does not share, or a peer that does not answer, is refused by name', async () => {
  const { clock, network, author, exchange } = createPair();
  const other = exchange.ask(author.id, 'a'.repeat(64) as AdapterRoot);
  const refused = expect(other).rejects.toMatchObject({ name: 'WorkError', code: 'adapter-not-shared' });
  await clock.advance(100);
  await refused;
  network.cut(author.id);
  const gone = expect(exchange.ask(author.id, ADAPTER)).rejects.toMatchObject({ code: 'adapter-not-shared' });
  await clock.advance(20_000);
  await gone;
});

test('asking twice at once is one question, and a peer that asks without end is told at most twice a second', async () => {
  const { clock, author, exchange, asked } = createPair();
  const both = Promise.all([exchange.ask(author.id, ADAPTER), exchange.ask(author.id, ADAPTER)]);
  await clock.advance(100);
  expect(await both).toEqual([documents, documents]);
  for (let i = 0; i < 50; i++) exchange.ask(author.id, ADAPTER).catch(() => undefined);
  await clock.advance(300);
  expect(asked()).toBe(1);
});
