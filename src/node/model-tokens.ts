import type { ModelRoot } from '../base/branded.ts';
import type { ChatMessage } from '../engine/index.ts';
import type { Tokens } from '../work/index.ts';
import type { EngineClient } from './engine-client.ts';

/**
 * A model's tokenizer, running in the engine's worker; needs the model's header only, and no GPU.
 *
 * @throws errors of the engine by name if the header has no tokenizer that this build reads
 */
export async function openTokens(engine: EngineClient, root: ModelRoot, header: Uint8Array): Promise<Tokens> {
  const { contextTokens } = await engine.api.openTokenizer(root, header);
  return {
    contextTokens,
    encodePrompt: (text) => engine.api.encodePrompt(root, text),
    encodeChat: (messages) => engine.api.encodeChat(root, messages as readonly ChatMessage[]),
    checkSchema: (schema) => engine.api.checkConstraint({ schema }),
    decode: (tokens) => engine.api.decode(root, tokens),
  };
}
