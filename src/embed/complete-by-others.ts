import type { ModelRoot } from '../base/branded.ts';
import type { AskingNode } from '../node/index.ts';
import type { Complete } from '../npc/index.ts';

/** A JSON text around the answer takes a few tokens more. */
const QUOTING_TOKENS = 8;

/**
 * The NPC kit's way to other people's devices: a question to whoever shares the model. Nothing that comes back is believed:
 * an answer that is not of the form is handed on as it is, for the kit's rules to find and to count.
 *
 * @returns rejects with `not-answered` and with what the node refuses by name
 */
export function completeByOthers(node: AskingNode, model: ModelRoot): Complete {
  return async ({ messages, adapter, choices, maxTokens, temperature, seed, onText, signal }) => {
    // Fetched with the node, after the click.
    const { askOthers } = await import('../node/index.ts');
    const question = {
      model: (adapter as ModelRoot | undefined) ?? model,
      messages,
      isPlain: false,
      temperature,
      maxTokens: choices ? maxTokens + QUOTING_TOKENS : maxTokens,
      seed,
      choices,
    };
    const answer = await askOthers(node, question, signal, () => undefined);
    const text = choices ? unquoted(answer.text) : answer.text;
    onText(text);
    return { text, by: answer.by ?? 'swarm' };
  };
}

function unquoted(text: string): string {
  try {
    const value = JSON.parse(text) as unknown;
    return typeof value === 'string' ? value : text;
  } catch {
    return text;
  }
}
