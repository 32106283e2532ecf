import type { ModelRoot } from '../../base/branded.ts';
import type { StarlingNode } from '../../node/index.ts';
import type { EmbedProblem } from '../api.ts';
import { problemOf } from '../problem-of.ts';
import type { Grant } from './grant.ts';

export interface ChosenModel {
  readonly model: ModelRoot;
  /** It was on this device before: then it is not this page's to delete. */
  readonly wasHeld: boolean;
}

export interface StartedNode {
  readonly node: StarlingNode;
  readonly model: ModelRoot;
}

export interface Start {
  readonly grant: Grant;
  readonly maxDownloadBytes: number;
  /** Just now: then a node on another page stops for this one. */
  readonly isClicked: boolean;
  /** Called before the first byte of it is fetched. */
  readonly onModel: (chosen: ChosenModel) => void;
}

/**
 * Opens this device's node for a page, with the first offered model that the page allows, and serves others where the
 * person agreed to that.
 *
 * @returns what is wrong, where it does not run
 */
export async function startNode(
  open: () => Promise<StarlingNode>,
  { grant, maxDownloadBytes, isClicked, onModel }: Start,
): Promise<StartedNode | { readonly problem: EmbedProblem }> {
  try {
    const node = await open();
    if (!(await node.claim(isClicked))) return { problem: ELSEWHERE };
    await node.readOffer();
    const { models, problem } = node.snapshot();
    const model = models.find(({ sizeBytes }) => sizeBytes <= maxDownloadBytes);
    if (!model) return { problem: problem ?? NO_MODEL };
    onModel({ model: model.root, wasHeld: model.heldBytes === model.sizeBytes });
    const started = { node, model: model.root };
    if (!grant.isShared) return started;
    await node.contribute({ textVersion: grant.textVersion, atMs: grant.atMs, model: model.root });
    const after = node.snapshot();
    if (after.phase !== 'serving' && after.problem) return { problem: after.problem };
    return started;
  } catch (error) {
    return { problem: problemOf(error) };
  }
}

const NO_MODEL: EmbedProblem = {
  code: 'embed/no-model',
  message: 'embed: no model is small enough; raise data-max-download-mb',
};
/** One page at a time computes. */
export const ELSEWHERE: EmbedProblem = {
  code: 'node/elsewhere',
  message: 'node: another page of this browser is the node; use it there',
};
