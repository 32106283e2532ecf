import { expect, test } from 'vitest';
import { tokensToBytes } from '../base/bytes.ts';
import { createFakeClock } from '../base/fake-clock.ts';
import { createRandom } from '../base/random.ts';
import { encodeCanonical, sealEnvelope } from '../protocol/index.ts';
import { createLoopback, withLoopback } from './loopback.ts';
import { createMemoryNetwork, createPeer, linkOf } from './simulation.compliance.ts';
import { openWorkLink } from './work-link.ts';

test('fuzz: of 100,000 damaged messages each is refused by name, and nothing is thrown into the channel', async () => {
  const clock = createFakeClock();
  const me = createPeer(0);
  const sender = createPeer(1);
  let deliver: (bytes: Uint8Array) => void = () => undefined;
  const channel = {
    ...createMemoryNetwork(clock).channel(me.id),
    onMessage(listener: (peer: typeof me.id, bytes: Uint8Array) => void) {
      deliver = (bytes) => listener(sender.id, bytes);
      return () => undefined;
    },
  };
  // Time flies, so that the rate limit does not hide the parser.
  let ticks = clock.now();
  const fast = { ...clock, now: () => (ticks += 10) };
  const link = openWorkLink({ ...linkOf(fast, channel, me) }, ['work/result'], () => {
    throw new Error('a damaged message got through');
  });
  const body = () => ({
    t: 'work/result',
    v: 1,
    atMs: ticks,
    nonce: new Uint8Array(16),
    lease: 'a'.repeat(32),
    record: 1,
    tokens: tokensToBytes([1, 2, 3]),
    finish: 'stop',
    numericClass: 'x',
  });
  const whole = sealEnvelope(sender.signer, 'starling/work/1', body());
  const random = createRandom(5);
  const count = 100_000;
  for (let i = 0; i < count; i++) {
    const bytes = whole.slice();
    const kind = i % 40;
    if (kind === 0)
      bytes[random.below(bytes.length)] = (bytes[random.below(bytes.length)] ?? 0) ^ (1 + random.below(255));
    else if (kind < 20) for (let n = 0; n < 4; n++) bytes[random.below(8)] = random.below(256);
    const odd = {
      ...body(),
      [['t', 'v', 'record', 'lease', 'zz'][random.below(5)] ?? 't']: [null, -1, 'x', 1e9][random.below(4)],
    };
    const damaged =
      kind < 20
        ? bytes
        : kind < 30
          ? bytes.slice(0, random.below(bytes.length))
          : encodeCanonical({
              key: sender.signer.publicKey,
              body: encodeCanonical(odd),
              sig: new Uint8Array(random.below(70)),
            });
    // A flip may by chance give the byte that was there.
    deliver(damaged.every((byte, n) => byte === whole[n]) ? new Uint8Array(3) : damaged);
  }
  const refusals = Object.fromEntries(link.refusals());
  expect(refusals['internal']).toBeUndefined();
  expect(refusals['flood']).toBeUndefined();
  expect(Object.keys(refusals).toSorted()).toEqual(['bad-signature', 'malformed', 'unsigned']);
  const refused = Object.values(refusals).reduce((sum, n) => sum + n, 0);
  // The rest said that they were for the other role, and were left to it unread.
  expect(refused).toBeGreaterThan(count * 0.9);
}, 120_000);

test('messages to oneself come in order, as copies, and not within send; without a network nobody else is reached', async () => {
  const me = createPeer(0).id;
  for (const channel of [createLoopback(me), withLoopback(createMemoryNetwork(createFakeClock()).channel(me))]) {
    const heard: number[] = [];
    const stop = channel.onMessage((peer, bytes) => {
      expect(peer).toBe(me);
      heard.push(bytes[0] ?? -1);
    });
    const bytes = Uint8Array.of(1);
    const sent = [channel.send(me, bytes), channel.send(me, Uint8Array.of(2))];
    bytes[0] = 9;
    expect(heard).toEqual([]);
    await Promise.all(sent);
    expect(heard).toEqual([1, 2]);
    stop();
    await channel.send(me, bytes);
    expect(heard).toEqual([1, 2]);
  }
  await expect(createLoopback(me).send(createPeer(1).id, new Uint8Array(1))).rejects.toThrow('no network');
});
