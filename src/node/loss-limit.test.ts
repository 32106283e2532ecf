import { expect, test } from 'vitest';
import { createFakeClock } from '../base/fake-clock.ts';
import { createLogger } from '../base/logger.ts';
import { createLossLimit } from './loss-limit.ts';

test('three losses in ten minutes are too many; spread out they are not', async () => {
  const clock = createFakeClock();
  const gaveUp: Error[] = [];
  const saw = createLossLimit({ clock, logger: createLogger('engine', () => undefined) }, (error) =>
    gaveUp.push(error),
  );
  for (const losses of [0, 1, 1, 2]) saw(losses);
  await clock.advance(600_001);
  saw(3);
  // Another worker counts anew.
  saw(0);
  saw(1);
  expect(gaveUp).toEqual([]);
  saw(2);
  expect(gaveUp).toMatchObject([{ name: 'GpuError', code: 'device-lost' }]);
  saw(4);
  expect(gaveUp).toHaveLength(1);
});
