import type { ModelRoot } from '../base/branded.ts';
import type { StarlingNode } from '../node/index.ts';
import type { Complete } from '../npc/index.ts';
import { EmbedError } from './errors.ts';

/** What the port needs of a node: any tab's, this one's or the one that computes for the whole device. */
export type ChattingNode = Pick<StarlingNode, 'chat'>;

/**
 * The NPC kit's way to a model: answers are computed by this device's node, held to the kit's choices, and drawn from the
 * seed that the kit gives.
 *
 * Adapters are not served by the node yet: a character that asks for one gets `adapter-missing`, and so its script.
 *
 * @returns rejects with the node's errors by name, and with `AbortError` when stopped
 */
export function completeOnNode(node: ChattingNode, model: ModelRoot): Complete {
  return async ({ messages, adapter, choices, maxTokens, temperature, seed, onText, signal }) => {
    if (adapter !== undefined) {
      throw new EmbedError('adapter-missing', `embed: adapter ${adapter.slice(0, 16)} is not on this device`, {});
    }
    let text = '';
    await node.chat({
      model,
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
