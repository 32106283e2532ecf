import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createTimedPause } from './timed-pause.ts';

beforeEach(() => void vi.useFakeTimers({ now: 1_000 }));
afterEach(() => void vi.useRealTimers());

test('a pause is over by itself, once, unless it is ended or begun anew', () => {
  const onOver = vi.fn<() => void>();
  const pause = createTimedPause(onOver);
  pause.begin(500);
  expect(pause.untilMs).toBe(1_500);
  vi.advanceTimersByTime(499);
  expect(onOver).not.toHaveBeenCalled();
  pause.begin(500);
  vi.advanceTimersByTime(499);
  expect(onOver).not.toHaveBeenCalled();
  vi.advanceTimersByTime(1);
  expect(onOver).toHaveBeenCalledOnce();

  pause.begin(500);
  pause.begin(undefined);
  expect(pause.untilMs).toBeUndefined();
  pause.begin(500);
  pause.end();
  vi.advanceTimersByTime(10_000);
  expect(onOver).toHaveBeenCalledOnce();
});
