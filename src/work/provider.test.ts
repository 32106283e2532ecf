import { expect, test } from 'vitest';
import { tokensToBytes } from '../base/bytes.ts';
import { createFakeClock } from '../base/fake-clock.ts';
import { openEnvelope, sealEnvelope, workMessage, type WorkMessage, type WorkRecord } from '../protocol/index.ts';
import { HEARTBEAT_MS, MAX_LEASES_PER_REQUESTER, MAX_SERVED_LEASES, MESSAGE_BURST } from './constants.ts';
import { createProvider } from './index.ts';
import {
  answerOf,
  createFakeExecutor,
  createMemoryNetwork,
  createPeer,
  linkOf,
  MODEL,
  OTHER_MODEL,
  type ExecutorInit,
  type Peer,
} from './simulation.compliance.ts';

const recordOf = (record: number): WorkRecord => ({
  record,
  prompt: tokensToBytes([1, 2, record]),
  maxTokens: 8,
  temperature: 0,
  topK: 0,
  topP: 1,
  seed: 1,
  stop: [],
});
const leaseOf = (n: number) => n.toString(16).padStart(32, '0');

async function createServer(init: ExecutorInit = {}) {
  const clock = createFakeClock();
  const network = createMemoryNetwork(clock);
  const executor = createFakeExecutor(clock, init);
  const peer = createPeer(1);
  const provider = createProvider({ ...linkOf(clock, network.channel(peer.id), peer), executor });
  await provider.start();
  /** Speaks the requester's half by hand, so that it can break every rule. */
  const customer = (number: number) => {
    const me = createPeer(number);
    const channel = network.channel(me.id);
    const heard: WorkMessage[] = [];
    channel.onMessage((_, bytes) => heard.push(openEnvelope('starling/work/1', workMessage, bytes, 1 << 20).body));
    const stamp = () => ({ v: 1, atMs: clock.now(), nonce: crypto.getRandomValues(new Uint8Array(16)) });
    const seal = (body: object, as: Peer = me) => sealEnvelope(as.signer, 'starling/work/1', { ...stamp(), ...body });
    const send = (body: object, as?: Peer) => channel.send(peer.id, seal(body, as));
    const offer = (n: number, change: object = {}) =>
      send({
        t: 'work/offer',
        lease: leaseOf(n),
        model: MODEL,
        deadlineAtMs: clock.now() + 120_000,
        records: [recordOf(0), recordOf(1)],
        ...change,
      });
    return { me, channel, heard, seal, send, offer, kinds: () => heard.map((message) => message.t) };
  };
  return { clock, network, executor, peer, provider, customer };
}

test('an offer is accepted, its records answered as they end, and the lease is over', async () => {
  const { clock, provider, customer } = await createServer({ slots: 1 });
  const { offer, kinds, heard, me } = customer(2);
  await offer(1);
  await clock.advance(0);
  expect(kinds()).toEqual(['work/accept']);
  await clock.advance(500);
  expect(kinds()).toEqual(['work/accept', 'work/result']);
  await clock.advance(500);
  expect(kinds()).toEqual(['work/accept', 'work/result', 'work/result', 'work/done']);
  const answer = answerOf(recordOf(0));
  expect(heard[1]).toMatchObject({ record: 0, tokens: answer.t === 'result' && tokensToBytes(answer.tokens) });
  expect(provider.stats()).toMatchObject({
    requesters: 1,
    records: 2,
    runningLeases: 0,
    waitingLeases: 0,
    declined: 0,
  });
  expect(me.id).toBeTruthy();
});

test('heartbeats come every 5 s while a lease lives, also while it waits', async () => {
  const { clock, customer } = await createServer({ slots: 1, msPerRecord: 12_000 });
  const { offer, heard } = customer(2);
  await offer(1);
  await offer(2);
  await clock.advance(2 * HEARTBEAT_MS);
  const beats = heard.filter((message) => message.t === 'work/heartbeat');
  expect(beats.map((message) => message.lease)).toEqual([leaseOf(1), leaseOf(2), leaseOf(1), leaseOf(2)]);
});

test('pause aborts what runs within its own call, hands leases back, and declines until resume', async () => {
  const { clock, provider, executor, customer } = await createServer({ msPerRecord: 5000 });
  const { offer, kinds } = customer(2);
  await offer(1);
  await clock.advance(100);
  expect(executor.running()).toBe(2);
  provider.pause();
  expect(executor.running()).toBe(0);
  await offer(2);
  await clock.advance(100);
  expect(kinds()).toEqual(['work/accept', 'work/release', 'work/decline']);
  provider.resume();
  await offer(3);
  await clock.advance(6000);
  expect(kinds().slice(3)).toEqual(['work/accept', 'work/heartbeat', 'work/result', 'work/result', 'work/done']);
});

test('a device that rests for others goes on for its own person', async () => {
  const { clock, provider, customer } = await createServer({ msPerRecord: 5000 });
  const [stranger, own] = [customer(2), customer(3)];
  await stranger.offer(1);
  await own.offer(2);
  await clock.advance(100);
  provider.pause(own.me.id);
  await stranger.offer(3);
  await own.offer(4);
  await clock.advance(100);
  expect(stranger.kinds()).toEqual(['work/accept', 'work/release', 'work/decline']);
  expect(own.kinds()).toEqual(['work/accept', 'work/accept']);
  await clock.advance(30_000);
  expect(own.kinds().filter((kind) => kind === 'work/done')).toHaveLength(2);
});

test('stop hands leases back and hears nothing more; start serves again', async () => {
  const { clock, provider, executor, customer } = await createServer({ msPerRecord: 5000 });
  const { offer, kinds } = customer(2);
  await offer(1);
  await clock.advance(100);
  await provider.stop();
  await provider.stop();
  expect(executor.running()).toBe(0);
  await offer(2);
  await clock.advance(100);
  expect(kinds()).toEqual(['work/accept', 'work/release']);
  await provider.start();
  await offer(3);
  await clock.advance(100);
  expect(kinds()).toEqual(['work/accept', 'work/release', 'work/accept']);
});

test('a device that fails hands the lease back with the reason, and what was answered stays answered', async () => {
  const outcome = (record: WorkRecord) => (record.record === 1 ? undefined : answerOf(record));
  const { clock, customer } = await createServer({ slots: 1, outcome });
  const { offer, heard } = customer(2);
  await offer(1);
  await clock.advance(2000);
  expect(heard.map((message) => message.t)).toEqual(['work/accept', 'work/result', 'work/release']);
  expect(heard[2]).toMatchObject({ reason: 'device lost' });
});

test('declines say why: another model, too many leases, a deadline that has passed, paused', async () => {
  const { clock, customer, provider } = await createServer({ slots: 2, msPerRecord: 60_000 });
  const { offer, heard } = customer(2);
  await offer(100, { model: OTHER_MODEL });
  await offer(101, { deadlineAtMs: clock.now() });
  for (let i = 0; i <= MAX_LEASES_PER_REQUESTER; i++) await offer(i);
  await clock.advance(10);
  provider.pause();
  await offer(102);
  await clock.advance(10);
  const whys = heard.flatMap((message) => (message.t === 'work/decline' ? [message.why] : []));
  expect(whys).toEqual(['no-model', 'too-long', 'busy', 'paused']);
});

test('many requesters together get no more leases than there is room for', async () => {
  const { clock, customer, provider } = await createServer({ msPerRecord: 60_000 });
  const customers = Array.from({ length: 8 }, (_, i) => customer(10 + i));
  for (const [i, { offer }] of customers.entries()) for (let n = 0; n < 4; n++) await offer(10 * i + n);
  await clock.advance(10);
  const { runningLeases, waitingLeases, declined } = provider.stats();
  expect(runningLeases + waitingLeases).toBe(MAX_SERVED_LEASES);
  expect(declined).toBe(32 - MAX_SERVED_LEASES);
});

test('a cancel ends its lease at once; a cancel by somebody else is refused', async () => {
  const { clock, customer, executor, provider } = await createServer({ msPerRecord: 5000 });
  const owner = customer(2);
  const stranger = customer(3);
  await owner.offer(1);
  await clock.advance(10);
  await stranger.send({ t: 'work/cancel', lease: leaseOf(1) });
  await clock.advance(10);
  expect(executor.running()).toBe(2);
  expect(provider.stats().refusedMessages).toBe(1);
  await owner.send({ t: 'work/cancel', lease: leaseOf(1) });
  await clock.advance(10);
  expect(executor.running()).toBe(0);
  expect(owner.kinds()).toEqual(['work/accept']);
});

test('a lease ends when its requester goes, and at its deadline whatever the clocks say', async () => {
  const { clock, customer, network, executor } = await createServer({ slots: 8, msPerRecord: 500_000 });
  const one = customer(2);
  const two = customer(3);
  await one.offer(1);
  // Both moments by a clock that is 50 s ahead: the lease still lasts 30 s.
  await two.offer(2, { atMs: clock.now() + 50_000, deadlineAtMs: clock.now() + 80_000 });
  await clock.advance(10);
  expect(executor.running()).toBe(4);
  network.cut(one.me.id);
  await clock.advance(10);
  expect(executor.running()).toBe(2);
  await clock.advance(29_900);
  expect(executor.running()).toBe(2);
  await clock.advance(100);
  expect(executor.running()).toBe(0);
});

test('an offer that is replayed, signed by another, stale, or names a record or lease twice is refused', async () => {
  const { clock, customer, provider, executor } = await createServer({ msPerRecord: 60_000 });
  const { seal, send, offer, channel, kinds } = customer(2);
  const records = [recordOf(0)];
  const body = { t: 'work/offer', lease: leaseOf(1), model: MODEL, deadlineAtMs: clock.now() + 60_000, records };
  const bytes = seal(body);
  const provided = createPeer(1).id;
  await channel.send(provided, bytes);
  await channel.send(provided, bytes);
  await send({ ...body, lease: leaseOf(2) }, createPeer(3));
  await send({ ...body, lease: leaseOf(3), atMs: clock.now() - 400_000 });
  await send({ ...body, lease: leaseOf(4), atMs: clock.now() + 400_000 });
  await send({ ...body, lease: leaseOf(5), records: [recordOf(0), recordOf(0)] });
  await offer(1);
  await send({ ...body, lease: leaseOf(6), code: 'x' });
  await clock.advance(10);
  expect(provider.stats()).toMatchObject({ refusedMessages: 7, runningLeases: 1 });
  expect(kinds()).toEqual(['work/accept']);
  expect(executor.running()).toBe(1);
});

test('a flood costs no more than the burst, and others are served meanwhile', async () => {
  const { clock, customer, provider } = await createServer();
  const flooder = customer(2);
  const other = customer(3);
  const rubbish = new Uint8Array(50_000);
  for (let i = 0; i < 5000; i++) await flooder.channel.send(createPeer(1).id, rubbish);
  await other.offer(1);
  await clock.advance(1000);
  expect(other.kinds()).toEqual(['work/accept', 'work/result', 'work/result', 'work/done']);
  expect(provider.stats().refusedMessages).toBe(5000);
  expect(MESSAGE_BURST).toBeLessThan(5000);
});
