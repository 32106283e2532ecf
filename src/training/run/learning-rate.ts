/** How the learning rate goes over a run: linearly up from 0, then down to a share of its peak. */
export interface RateSchedule {
  readonly peak: number;
  /** Steps until the peak, 0 by default. */
  readonly warmupSteps?: number;
  /** `cosine` by default (Loshchilov and Hutter 2017). */
  readonly decay?: 'cosine' | 'linear' | 'constant';
  /** The share of the peak that is left in the end, 0 by default. */
  readonly floor?: number;
}

/** The rate of the `step`-th of `steps` steps, from 1. */
export function learningRateAt(schedule: RateSchedule, step: number, steps: number): number {
  const { peak, warmupSteps = 0, decay = 'cosine', floor = 0 } = schedule;
  if (step <= warmupSteps) return (peak * step) / warmupSteps;
  const done = Math.min(1, (step - 1 - warmupSteps) / Math.max(1, steps - warmupSteps));
  const left = { cosine: (1 + Math.cos(Math.PI * done)) / 2, linear: 1 - done, constant: 1 }[decay];
  return peak * (floor + (1 - floor) * left);
}
