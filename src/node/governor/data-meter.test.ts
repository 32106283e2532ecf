import { expect, test } from 'vitest';
import { createDataMeter, type DayStore } from './data-meter.ts';

const NOON = new Date(2026, 10, 21, 12).getTime();
const DAY_MS = 86_400_000;

function memoryStore(text: string | null = null): DayStore {
  return { getItem: () => text, setItem: (_, value) => void (text = value) };
}

test('bytes of a day are counted over visits, and when counting begins anew within one', () => {
  const store = memoryStore();
  const first = createDataMeter(
    () => NOON,
    () => store,
  );
  expect([0, 100, 250].map((bytes) => first.read(bytes))).toEqual([0, 100, 250]);
  expect(first.read(40)).toBe(290);
  expect(
    createDataMeter(
      () => NOON,
      () => store,
    ).read(10),
  ).toBe(300);
});

test('a new day begins at nothing, though the visit goes on', () => {
  let nowMs = NOON;
  const store = memoryStore();
  const meter = createDataMeter(
    () => nowMs,
    () => store,
  );
  meter.read(500);
  nowMs += DAY_MS;
  expect(meter.read(500)).toBe(0);
  expect(meter.read(520)).toBe(20);
});

test.each(['', '{', '7', '{"day":3,"bytes":1}', '{"day":"x","bytes":-1}', '{"day":"x","bytes":"1"}'])(
  'a record of %j counts as none',
  (text) =>
    expect(
      createDataMeter(
        () => NOON,
        () => memoryStore(text),
      ).read(5),
    ).toBe(5),
);

test('storage that is forbidden counts for this visit', () => {
  const meter = createDataMeter(
    () => NOON,
    () => {
      throw new DOMException('denied', 'SecurityError');
    },
  );
  expect([meter.read(5), meter.read(9)]).toEqual([5, 9]);
});
