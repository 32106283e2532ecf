import type { ModelRoot } from '../base/branded.ts';
import type { StarlingNode } from '../node/index.ts';
import type { Complete } from '../npc/index.ts';
import { EmbedError } from './errors.ts';

/** What the port needs of a node: any tab's, this one's or the one that computes for the whole device. */
export type ChattingNode = Pick<StarlingNode, 'chat' | 'snapshot'>;

/**
 * The NPC kit's way to a model: answers are computed by this device's node, held to the kit's choices, and drawn from the
 * seed that the kit gives.
 *
 * A character that asks for an adapter which is not listed for this model, or is larger than may be fetched, gets
 * `adapter-missing`, and so its script.
 *
 * @param mostBytes of an adapter
 * @returns rejects with the node's errors by name, and with `AbortError` when stopped
 */
export function completeOnNode(node: ChattingNode, model: ModelRoot, mostBytes: number): Complete {
  return async ({ messages, adapter, choices, maxTokens, temperature, seed, onText, signal }) => {
    const { models } = node.snapshot();
    const listed = models.find(({ root, adapter: facts }) => root === adapter && facts?.base === model);
    if (adapter !== undefined && (!listed || listed.sizeBytes > mostBytes)) {
      const message = `embed: adapter ${adapter.slice(0, 16)} of this model is not offered here, or too large`;
      throw new EmbedError('adapter-missing', message, {});
    }
    let text = '';
    await node.chat({
      model: listed?.root ?? model,
      messages,
      temperature,
      maxTokens,
      seed,
      ...(choices && { constraint: { choices } }),
      onText(piece) {
        text += piece;
        onText(piece);
      },
      signal,
    });
    return { text, by: 'device' };
  };
}
