import { expect, test } from 'vitest';
import { createFakeClock } from '../base/fake-clock.ts';
import { createFreshnessGuard } from './freshness.ts';
import { MAX_CLOCK_SKEW_MS, MAX_MESSAGE_AGE_MS } from './limits.ts';

const author = new Uint8Array(32).fill(1);
const nonce = (n: number) => {
  const bytes = new Uint8Array(16);
  new DataView(bytes.buffer).setUint32(0, n);
  return bytes;
};

test('a message passes once, from one author, within the window', async () => {
  const clock = createFakeClock();
  const guard = createFreshnessGuard(clock);
  const now = clock.now();
  guard.admit(author, now, nonce(1));
  expect(() => guard.admit(author, now, nonce(1))).toThrow(expect.objectContaining({ code: 'replayed' }) as Error);
  guard.admit(new Uint8Array(32).fill(2), now, nonce(1));
  guard.admit(author, now + MAX_CLOCK_SKEW_MS, nonce(2));
  guard.admit(author, now - MAX_MESSAGE_AGE_MS, nonce(3));
  expect(() => guard.admit(author, now + MAX_CLOCK_SKEW_MS + 1, nonce(4))).toThrow(
    expect.objectContaining({ code: 'from-the-future' }) as Error,
  );
  expect(() => guard.admit(author, now - MAX_MESSAGE_AGE_MS - 1, nonce(5))).toThrow(
    expect.objectContaining({ code: 'expired' }) as Error,
  );
});

test('whatever is old enough to be forgotten is too old to be replayed', async () => {
  const clock = createFakeClock();
  const guard = createFreshnessGuard(clock);
  // The worst case: from as far ahead as may be, so that it stays fresh the longest.
  const atMs = clock.now() + MAX_CLOCK_SKEW_MS;
  guard.admit(author, atMs, nonce(1));
  for (let t = 0; t <= MAX_MESSAGE_AGE_MS + MAX_CLOCK_SKEW_MS + 2_000; t += 1_000) {
    expect(() => guard.admit(author, atMs, nonce(1))).toThrow();
    guard.admit(author, clock.now(), nonce(1_000 + t));
    await clock.advance(1_000);
  }
});
