import type { Clock } from '../../base/clock.ts';
import { createNpcKit, type Complete, type NpcKit } from '../../npc/index.ts';
import { completeByOthers } from '../complete-by-others.ts';
import { completeOnNode } from '../complete-on-node.ts';
import type { StartedNode } from './start-node.ts';

/** A way to answers, and the characters that speak by it. */
export interface Answering {
  readonly complete: Complete;
  readonly kit: NpcKit;
}

/** Who answers a page. */
export interface Computing {
  readonly device: Answering;
  /** Undefined where the person did not agree to it. */
  readonly swarm: Answering | undefined;
}

export interface ComputingInit {
  readonly asksOthers: boolean;
  readonly maxDownloadBytes: number;
  readonly clock: Clock;
  /** The page has no time for lines now. */
  readonly isBusy: () => boolean;
}

const DEADLINE_MS = { device: 10_000, swarm: 20_000 } as const;

export function createComputing(
  { node, model }: StartedNode,
  { asksOthers, maxDownloadBytes, clock, isBusy }: ComputingInit,
): Computing {
  const answering = (complete: Complete, deadlineMs: number): Answering => ({
    complete,
    kit: createNpcKit({ complete, deadlineMs, clock, isBusy }),
  });
  return {
    device: answering(completeOnNode(node, model, maxDownloadBytes), DEADLINE_MS.device),
    swarm: asksOthers ? answering(completeByOthers(node, model), DEADLINE_MS.swarm) : undefined,
  };
}
