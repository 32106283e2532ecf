import { expect, test } from 'vitest';
import { createFakeClock } from '../../base/fake-clock.ts';
import { createDutyPace } from './duty-pace.ts';

test.each([
  [0.15, 3],
  [0.35, 7],
  [0.5, 40],
  [0.8, 16],
  [0.35, 400],
])('at a share of %d and steps of %d ms every second keeps to the share', async (share, stepMs) => {
  const clock = createFakeClock();
  const pace = createDutyPace(clock);
  pace.share = share;
  const worked: number[] = [];
  const loop = (async () => {
    for (;;) {
      await pace.rest();
      await new Promise<void>((resolve) => clock.after(stepMs, resolve));
      pace.worked(stepMs);
      worked.push(clock.now());
    }
  })();
  void loop;
  const startMs = clock.now();
  for (let i = 0; i < 4_000; i += 10) await clock.advance(10);
  const used = (worked.length * stepMs) / (clock.now() - startMs);
  expect(used).toBeLessThanOrEqual(share + (stepMs + 50) / 4_000);
  expect(used).toBeGreaterThan(share * 0.8);
});

test('a share of nothing rests until there is one, or something of its own to do', async () => {
  const clock = createFakeClock();
  const pace = createDutyPace(clock);
  pace.share = 0;
  let ended = 0;
  void pace.rest().then(() => ended++);
  await clock.advance(3_600_000);
  expect(ended).toBe(0);
  pace.share = 0.5;
  await clock.advance(0);
  expect(ended).toBe(1);
  pace.share = 0;
  void pace.rest().then(() => ended++);
  pace.wake();
  await clock.advance(0);
  expect(ended).toBe(2);
});

test('the whole share never rests, and a lower one forgives what was owed before', async () => {
  const pace = createDutyPace(createFakeClock());
  pace.worked(1_000);
  await pace.rest();
  pace.share = 0.1;
  pace.worked(1_000);
  pace.share = 1;
  await pace.rest();
});
