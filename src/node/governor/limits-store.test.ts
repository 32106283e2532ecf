import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseLimits } from './limits-store.ts';
import { PRESETS, type Limits } from './signals.ts';

test('limits are read as they were written', () => {
  const limits: Limits = { share: 0.6, when: { kind: 'hours', from: 22, to: 7 }, dataCapBytes: 5_000 };
  expect(parseLimits(JSON.stringify(limits))).toEqual(limits);
  expect(parseLimits(JSON.stringify(PRESETS.full))).toEqual(PRESETS.full);
});

test('whatever else is found gives the balanced preset', () => {
  for (const text of [null, '', '{', '7', '{"share":2,"when":{"kind":"always"}}', '{"share":0.5,"when":{"kind":"x"}}'])
    expect(parseLimits(text)).toBe(PRESETS.balanced);
  fc.assert(fc.property(fc.json(), (text) => parseLimits(text).share <= 1));
});
