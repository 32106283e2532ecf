import { expect, test } from 'vitest';
import type { Cause } from './ceilings.ts';
import { createDutyGovernor, type Duty } from './duty-governor.ts';
import { CALM, PRESETS, type Limits, type Signals } from './signals.ts';

/** From this second on the device says this. */
type Trace = readonly (readonly [second: number, said: Partial<Signals>])[];

interface Situation {
  readonly name: string;
  readonly limits: Limits;
  readonly trace: Trace;
  /** Seconds at which the share must be at most this, for this reason. */
  readonly held: readonly (readonly [second: number, atMost: number, cause: Cause])[];
  /** From this second on the whole share is there again. */
  readonly back: number;
}

const { gentle, balanced, full } = PRESETS;
const always: Limits = { ...full, when: { kind: 'always' } };
const slowFrames = { frames: { p90Ms: 34, budgetMs: 20 } };
const goodFrames = { frames: { p90Ms: 16.8, budgetMs: 20 } };

const SITUATIONS: readonly Situation[] = [
  {
    name: 'a laptop is unplugged for a while',
    limits: balanced,
    trace: [
      [0, { battery: { level: 0.9, isCharging: true } }],
      [10, { battery: { level: 0.9, isCharging: false } }],
      [60, { battery: { level: 0.85, isCharging: true } }],
    ],
    held: [
      [10, 0, 'battery'],
      [59, 0, 'battery'],
    ],
    back: 60 + 18,
  },
  {
    name: 'a battery that may be used runs half down',
    limits: always,
    trace: [
      [0, { battery: { level: 0.8, isCharging: false } }],
      [20, { battery: { level: 0.49, isCharging: false } }],
      [40, { battery: { level: 0.49, isCharging: true } }],
    ],
    held: [
      [0, 0.5, 'battery'],
      [19, 0.5, 'battery'],
      [20, 0, 'battery'],
      [39, 0, 'battery'],
    ],
    back: 40 + 50,
  },
  {
    name: 'the processor gets hot step by step',
    limits: full,
    trace: [
      [0, { pressure: 'nominal' }],
      [5, { pressure: 'fair' }],
      [10, { pressure: 'serious' }],
      [15, { pressure: 'critical' }],
      [16, { pressure: 'nominal' }],
    ],
    held: [
      [5, 0.7, 'pressure'],
      [10, 0.3, 'pressure'],
      [15, 0, 'pressure'],
      [44, 0, 'pressure'],
    ],
    back: 45 + 51,
  },
  {
    name: 'a game drops frames in a fight',
    limits: balanced,
    trace: [
      [0, goodFrames],
      [10, slowFrames],
      [12, goodFrames],
    ],
    held: [
      [11, 0, 'frames'],
      [13, 0, 'frames'],
    ],
    back: 14 + 18,
  },
  {
    name: 'a page stutters whenever work begins again',
    limits: balanced,
    trace: [
      [0, goodFrames],
      [10, slowFrames],
      [11, goodFrames],
      // Held until 13; a relapse as soon as the share rises holds for twice as long, and then twice again.
      [14, slowFrames],
      [14.5, goodFrames],
      [20, slowFrames],
      [20.5, goodFrames],
    ],
    held: [
      [11, 0.01, 'frames'],
      [17, 0, 'frames'],
      [27, 0, 'frames'],
    ],
    back: 29 + 18,
  },
  {
    name: 'an embedded page is hidden and shown',
    limits: gentle,
    trace: [
      [0, { isEmbedded: true }],
      [5, { isHidden: true }],
      [30, { isHidden: false }],
    ],
    held: [
      [5, 0, 'hidden'],
      [29, 0, 'hidden'],
    ],
    back: 30 + 8,
  },
  {
    name: 'a telephone goes over to the mobile network',
    limits: full,
    trace: [
      [0, {}],
      [5, { isMetered: true }],
      [20, { isMetered: false }],
    ],
    held: [
      [5, 0.25, 'metered'],
      [19, 0.25, 'metered'],
    ],
    back: 20 + 38,
  },
  {
    name: 'the data cap is reached, and a new day begins',
    limits: { ...balanced, dataCapBytes: 1_000 },
    trace: [
      [0, { dataUsedBytes: 900 }],
      [5, { dataUsedBytes: 1_000 }],
      [50, { dataUsedBytes: 0 }],
    ],
    held: [
      [5, 0, 'data-cap'],
      [49, 0, 'data-cap'],
    ],
    back: 50 + 18,
  },
  {
    name: 'night hours end and begin',
    limits: { ...balanced, when: { kind: 'hours', from: 22, to: 7 } },
    trace: [
      [0, { hour: 6 }],
      [10, { hour: 7 }],
      [20, { hour: 21 }],
      [30, { hour: 22 }],
    ],
    held: [
      [10, 0, 'schedule'],
      [29, 0, 'schedule'],
    ],
    back: 30 + 18,
  },
  {
    name: 'somebody comes back to an idle device',
    limits: { ...balanced, when: { kind: 'idle' } },
    trace: [
      [0, { idleMs: 90_000 }],
      [10, { idleMs: 0 }],
      [80, { idleMs: 70_000 }],
    ],
    held: [
      [10, 0, 'in-use'],
      [79, 0, 'in-use'],
    ],
    back: 80 + 18,
  },
  {
    name: 'another program takes the GPU, and nothing but our own slowness tells',
    limits: full,
    trace: [
      [0, { slowdown: 1 }],
      [10, { slowdown: 1.8 }],
      [60, { slowdown: 1.1 }],
    ],
    held: [
      [31, 0.5, 'contention'],
      [60, 0.5, 'contention'],
    ],
    back: 80 + 27,
  },
  {
    name: 'a hitch of a few seconds is no contention',
    limits: full,
    trace: [
      [0, { slowdown: 1 }],
      [10, { slowdown: 3 }],
      [18, { slowdown: 1 }],
    ],
    held: [],
    back: 0,
  },
  {
    name: 'a site allows less than the person does',
    limits: full,
    trace: [
      [0, { siteShare: 0.25 }],
      [20, { siteShare: undefined }],
    ],
    held: [
      [0, 0.25, 'site'],
      [19, 0.25, 'site'],
    ],
    back: 20 + 38,
  },
  {
    name: 'everything at once: hot, on battery, and a game that stutters',
    limits: always,
    trace: [
      [0, { pressure: 'serious', battery: { level: 0.7, isCharging: false }, ...slowFrames }],
      [10, { pressure: 'nominal', battery: { level: 0.7, isCharging: true }, ...goodFrames }],
    ],
    held: [
      [2, 0, 'frames'],
      [9, 0, 'frames'],
    ],
    back: 12 + 51,
  },
];

const TICKS = 10;

function play({ limits, trace }: Situation, seconds: number): Duty[] {
  let nowMs = 1_000_000;
  const governor = createDutyGovernor(() => nowMs);
  return Array.from({ length: seconds * TICKS }, (_, tick) => {
    nowMs += 1_000 / TICKS;
    const said = trace.filter(([second]) => second * TICKS <= tick).map(([, said]) => said);
    return governor.update(limits, Object.assign({}, CALM, ...said) as Signals);
  });
}

test.each(SITUATIONS)('$name: never above the ceiling, and back when the cause is gone', (situation) => {
  const duties = play(situation, situation.back + 5);
  for (const [second, atMost, cause] of situation.held) {
    const { share, limitedBy } = duties[second * TICKS + 5] ?? { share: NaN, limitedBy: undefined };
    expect([second, share <= atMost, limitedBy]).toEqual([second, true, cause]);
  }
  for (const { share } of duties) expect(share).toBeLessThanOrEqual(situation.limits.share);
  const after = duties.slice(situation.back * TICKS);
  expect(new Set(after.map(({ share }) => share.toFixed(6)))).toEqual(new Set([situation.limits.share.toFixed(6)]));
});

test('the share falls at once and rises by two hundredths a second', () => {
  const situation = SITUATIONS[0];
  if (!situation) throw new Error('no situation');
  const shares = play(situation, 70).map(({ share }) => share);
  expect(shares[99]).toBe(balanced.share);
  expect(shares[100]).toBe(0);
  for (const [at, share] of shares.entries()) expect(share - (shares[at - 1] ?? 1)).toBeLessThanOrEqual(0.002 + 1e-9);
});

test('a clock that is set back neither raises the share nor locks it up', () => {
  let nowMs = 1_000_000;
  const governor = createDutyGovernor(() => nowMs);
  governor.update(full, { ...CALM, pressure: 'critical' });
  nowMs -= 3_600_000;
  expect(governor.update(full, CALM).share).toBe(0);
  for (let i = 0; i < 600; i++) {
    nowMs += 100;
    governor.update(full, CALM);
  }
  expect(governor.update(full, CALM).share).toBe(1);
});
