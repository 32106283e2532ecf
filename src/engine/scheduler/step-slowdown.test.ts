import { expect, test } from 'vitest';
import { StepSlowdown } from './step-slowdown.ts';

/** Runs steps of one length one after another from a time on. @returns when the last was done */
function run(slowdown: StepSlowdown, startMs: number, stepMs: number, steps: number, rows = 4): number {
  let doneMs = startMs;
  for (let i = 0; i < steps; i++) {
    // Submitted while the one before it still ran.
    slowdown.note({ rows, submittedMs: doneMs - stepMs / 2, doneMs: doneMs + stepMs });
    doneMs += stepMs;
  }
  return doneMs;
}

test('an even pace is no slowdown, whatever the first steps took', () => {
  const slowdown = new StepSlowdown();
  const warm = run(slowdown, 1_000, 500, 8);
  const end = run(slowdown, warm, 20, 40);
  expect(slowdown.at(end)).toBeCloseTo(1, 1);
});

test('steps that take twice as long are seen, one hitch is not, and the pace comes back', () => {
  const slowdown = new StepSlowdown();
  let end = run(slowdown, 1_000, 20, 40);
  end = run(slowdown, end, 400, 1);
  end = run(slowdown, end, 20, 3);
  expect(slowdown.at(end)).toBeLessThan(1.1);
  end = run(slowdown, end, 40, 20);
  expect(slowdown.at(end)).toBeGreaterThan(1.8);
  end = run(slowdown, end, 20, 20);
  expect(slowdown.at(end)).toBeLessThan(1.1);
});

test('larger steps are measured by their own like', () => {
  const slowdown = new StepSlowdown();
  let end = run(slowdown, 1_000, 10, 40, 1);
  end = run(slowdown, end, 80, 40, 64);
  expect(slowdown.at(end)).toBeLessThan(1.1);
});

test('a pace that slackens with its context is no slowdown; long ago is not now', () => {
  const slowdown = new StepSlowdown();
  let end = 1_000;
  for (let context = 0; context < 3_000; context++) end = run(slowdown, end, 20 * (1 + context / 6_000), 1);
  expect(slowdown.at(end)).toBeLessThan(1.1);
  expect(slowdown.at(end + 6_000)).toBeUndefined();
  expect(new StepSlowdown().at(0)).toBeUndefined();
});
