import type { ModelRunner } from '../model/model-runner.ts';
import type { StepShare } from './plan-step.ts';
import type { Running } from './running.ts';

/**
 * Tells the GPU what constrained sequences may draw.
 *
 * @param onFault told of those whose constraint leads nowhere
 * @returns the shares without theirs
 */
export async function setMasks(
  runner: ModelRunner,
  shares: readonly StepShare<Running>[],
  onFault: (run: Running, error: unknown) => void,
): Promise<readonly StepShare<Running>[]> {
  const failed = new Set<StepShare<Running>>();
  for (const share of shares) {
    const { sequence, slot } = share.run;
    if (!sequence.constraint || share.logitRows === 0) continue;
    try {
      runner.setMask(slot, await sequence.constraint.mask());
    } catch (error) {
      failed.add(share);
      onFault(share.run, error);
    }
  }
  return failed.size === 0 ? shares : shares.filter((share) => !failed.has(share));
}
