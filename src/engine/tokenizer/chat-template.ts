import { Template } from '@huggingface/jinja';
import type { ChatMessage } from '../engine-api.ts';
import { EngineError } from '../errors.ts';

/** Templates in use have at most some 20 KB; the interpreter's time grows with them. */
const MAX_TEMPLATE_CHARS = 128 * 1024;

/**
 * Renders messages as the model was taught to read them.
 *
 * @param addsGenerationPrompt whether the text ends where the model's answer begins
 * @param special texts of the BOS and EOS tokens, which templates may name
 * @throws {EngineError} `no-chat-template`, `chat-template-failed`
 */
export function renderChat(
  template: string | undefined,
  messages: readonly ChatMessage[],
  special: { readonly bos: string; readonly eos: string },
  addsGenerationPrompt = true,
): string {
  if (template === undefined)
    throw new EngineError('no-chat-template', 'this model has no chat template; continue a text with it instead');
  if (template.length > MAX_TEMPLATE_CHARS) {
    throw new EngineError(
      'chat-template-failed',
      `chat template of ${template.length} characters, ${MAX_TEMPLATE_CHARS} allowed`,
      {
        value: template.length,
        limit: MAX_TEMPLATE_CHARS,
      },
    );
  }
  try {
    return new Template(template).render({
      messages,
      add_generation_prompt: addsGenerationPrompt,
      bos_token: special.bos,
      eos_token: special.eos,
    });
  } catch (cause) {
    const why = cause instanceof Error ? cause.message.slice(0, 200) : 'unknown reason';
    throw new EngineError('chat-template-failed', `the chat template refused these messages: ${why}`, {}, { cause });
  }
}
