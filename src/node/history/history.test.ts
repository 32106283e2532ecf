import 'fake-indexeddb/auto';
import { expect, test } from 'vitest';
import { createFakeClock } from '../../base/fake-clock.ts';
import { add, KEPT, minuteOf, NOTHING, since, type Amounts } from './history.ts';
import { startHistory, type Reading } from './history-recorder.ts';
import { addToHistory, pruneHistory, readHistory } from './history-store.ts';

const NOON = new Date(2026, 10, 21, 12).getTime();
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

test('a history that was never kept is empty, and asking for it makes no database', async () => {
  expect(await readHistory()).toEqual({ minutes: [], days: [] });
  expect(await indexedDB.databases()).toEqual([]);
});

test('amounts add up by minute and by day, in order of time', async () => {
  await addToHistory(NOON + MINUTE_MS, { ...NOTHING, tokens: 3 });
  await addToHistory(NOON, { ...NOTHING, tokens: 5, uploadedBytes: 7 });
  await addToHistory(NOON + 1_000, { ...NOTHING, tokens: 2 });
  await addToHistory(NOON + DAY_MS, { ...NOTHING, busySeconds: 4 });
  const { minutes, days } = await readHistory();
  expect(minutes.map(({ startMs, tokens }) => [startMs - NOON, tokens])).toEqual([
    [0, 7],
    [MINUTE_MS, 3],
    [DAY_MS, 0],
  ]);
  expect(days.map(({ tokens, uploadedBytes, busySeconds }) => [tokens, uploadedBytes, busySeconds])).toEqual([
    [10, 7, 0],
    [0, 0, 4],
  ]);
});

test('the oldest go, and the bound holds', async () => {
  for (let minute = 0; minute < KEPT.minutes + 5; minute++) {
    await addToHistory(NOON + 2 * DAY_MS + minute * MINUTE_MS, { ...NOTHING, tokens: 1 });
  }
  await pruneHistory();
  const { minutes, days } = await readHistory();
  expect(minutes).toHaveLength(KEPT.minutes);
  expect(minutes.at(-1)?.startMs).toBe(minuteOf(NOON + 2 * DAY_MS + (KEPT.minutes + 4) * MINUTE_MS));
  expect(days.length).toBeGreaterThan(2);
});

test('counters that begin anew count from nothing', () => {
  const before = { ...NOTHING, tokens: 100, uploadedBytes: 10 };
  expect(since(before, { ...NOTHING, tokens: 30, uploadedBytes: 25 })).toMatchObject({ tokens: 30, uploadedBytes: 15 });
  expect(add(before, before).tokens).toBe(200);
});

test('the recorder notes what was done, nothing while nothing is, and no hours in which the device slept', async () => {
  const clock = createFakeClock();
  let reading: Reading = {
    tokens: 50,
    fromPeersBytes: 0,
    fromWebSeedBytes: 0,
    uploadedBytes: 0,
    isServing: false,
    isBusy: false,
  };
  const saved: Amounts[] = [];
  const recorder = startHistory(
    clock,
    () => reading,
    async (_, done) => void saved.push(done),
  );
  await clock.advance(30_000);
  expect(saved).toEqual([]);
  reading = { ...reading, tokens: 80, isServing: true };
  await clock.advance(10_000);
  expect(saved).toEqual([{ ...NOTHING, tokens: 30, servedSeconds: 10, busySeconds: 10 }]);
  reading = { ...reading, isServing: false, isBusy: true };
  await clock.advance(5_000);
  await recorder.stop();
  expect(saved[1]).toEqual({ ...NOTHING, busySeconds: 5 });
  await clock.advance(60_000);
  expect(saved).toHaveLength(2);
});
