import { streamPair } from '@libp2p/utils';
import type { Stream } from '@libp2p/interface';
import { encode as encodeVarint } from 'uint8-varint';
import { expect, test } from 'vitest';
import type { PeerId } from '../base/branded.ts';
import { concatBytes } from '../base/bytes.ts';
import { systemClock } from '../base/clock.ts';
import { createRandom } from '../base/random.ts';
import { MAX_FRAME_BYTES } from './constants.ts';
import { createFrameReader, encodeFrame, type Frame } from './frame-codec.ts';
import { SwarmError } from './errors.ts';
import { createPeerLink } from './peer-link.ts';
import { createPeerStream, type PeerStream } from './peer-stream.ts';

test('frames survive any cut, and one above 1 MiB is refused before it is held', () => {
  const random = createRandom(1);
  const payloads = Array.from({ length: 50 }, (_, i) => new Uint8Array(random.below(3_000)).fill(i));
  const bytes = concatBytes([
    ...payloads.map((payload) => encodeFrame('data', payload)),
    encodeFrame('flush'),
    encodeFrame('flushed'),
  ]);
  const frames: Frame[] = [];
  const read = createFrameReader((frame) => frames.push(frame));
  for (let at = 0; at < bytes.length;) {
    const size = 1 + random.below(700);
    read(bytes.subarray(at, at + size));
    at += size;
  }
  expect(frames.map((frame) => (frame.t === 'data' ? frame.bytes : frame.t))).toEqual([
    ...payloads,
    'flush',
    'flushed',
  ]);
  expect(() => encodeFrame('data', new Uint8Array(MAX_FRAME_BYTES))).toThrow(SwarmError);
  const huge = createFrameReader(() => undefined);
  expect(() => huge(encodeVarint(MAX_FRAME_BYTES + 1))).toThrow(
    expect.objectContaining({ code: 'too-large' }) as Error,
  );
});

test('100,000 chunks of garbage raise SwarmError and nothing else', () => {
  const random = createRandom(2);
  let refused = 0;
  for (let i = 0; i < 20_000; i++) {
    const read = createFrameReader(() => undefined);
    try {
      for (let n = 0; n < 5; n++) read(Uint8Array.from({ length: random.below(40) }, () => random.below(256)));
    } catch (error) {
      if (!(error instanceof SwarmError)) throw error;
      refused += 1;
    }
  }
  expect(refused).toBeGreaterThan(5_000);
});

type Got = { data: number[]; ended: (Error | undefined)[] };

async function pair(isDirect = true): Promise<{ near: PeerStream; far: PeerStream; got: Got; raw: Stream }> {
  const [a, b] = await streamPair();
  const got: Got = { data: [], ended: [] };
  const near = createPeerStream(
    { clock: systemClock },
    { stream: a, isDirect, isOpener: true },
    { onData: () => undefined, onEnd: () => undefined },
  );
  const far = createPeerStream(
    { clock: systemClock },
    { stream: b, isDirect, isOpener: false },
    { onData: (bytes) => got.data.push(bytes[0] ?? -1), onEnd: (error) => got.ended.push(error) },
  );
  return { near, far, got, raw: a };
}

test('an oversized or senseless frame ends the stream by name', async () => {
  for (const [bytes, code] of [
    [encodeVarint(MAX_FRAME_BYTES + 1), 'too-large'],
    [Uint8Array.of(2, 77, 1), 'garbage'],
  ] as const) {
    const { got, raw, far } = await pair();
    raw.send(bytes);
    await expect.poll(() => got.ended.length).toBe(1);
    expect(got.ended[0]).toMatchObject({ name: 'SwarmError', code });
    expect(far.isOpen()).toBe(false);
    await expect(far.write(Uint8Array.of(1))).rejects.toMatchObject({ code: 'stream-closed' });
  }
});

test('a link moves to a better stream without losing order, and opens one on demand', async () => {
  const relayed = await pair(false);
  const direct = await pair(true);
  const opened = [relayed.near];
  const link = createPeerLink({
    peer: 'p' as PeerId,
    isLower: true,
    openStream: () => {
      const stream = opened.shift();
      return stream ? Promise.resolve(stream) : Promise.reject(new Error('no more'));
    },
  });
  const order: number[] = [];
  for (const { got } of [relayed, direct]) got.data = order;
  const sends: Promise<void>[] = [];
  for (let i = 0; i < 100; i++) {
    sends.push(link.send(Uint8Array.of(i)));
    if (i === 50) link.adopt(direct.near);
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  await Promise.all(sends);
  await expect.poll(() => order.length).toBe(100);
  expect(order).toEqual(Array.from({ length: 100 }, (_, i) => i));
  expect(link.isDirect()).toBe(true);
  expect(relayed.near.isOpen()).toBe(false);
  link.close(new SwarmError('unreachable', 'gone', {}));
  await expect(link.send(Uint8Array.of(1))).rejects.toMatchObject({ code: 'unreachable' });
});
