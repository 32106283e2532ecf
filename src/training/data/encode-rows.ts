import type { ChatMessage, ModelTokenizer } from '../../engine/index.ts';
import { TrainingDataError } from './errors.ts';
import type { TokenRow } from './token-row.ts';

/** A message of a conversation to learn from. */
export interface TrainingMessage extends ChatMessage {
  /** 0: read, but not learnt (OpenAI's fine-tuning format). Only assistant messages carry it. */
  readonly weight?: 0 | 1;
}

/**
 * A conversation in the tokens that the model will see at inference: the prompt of each reply ends with the template's
 * generation prompt, and what is learnt is the reply and the token that ends it.
 *
 * Replies before the last one are learnt only where the template writes them the same way again (some leave out earlier
 * thoughts): what the model reads is always what the whole conversation renders to.
 *
 * @throws {TrainingDataError} `no-completion`, `template-unfit`; {EngineError} `no-chat-template`, `chat-template-failed`
 */
export function encodeConversation(tokenizer: ModelTokenizer, messages: readonly TrainingMessage[]): TokenRow {
  const learnt = messages.flatMap(({ role, weight }, at) => (role === 'assistant' && weight !== 0 ? [at] : []));
  const last = learnt.at(-1);
  if (last === undefined) throw new TrainingDataError('no-completion', 'a row without a reply to learn; add one');
  const plain = messages.slice(0, last + 1).map(({ role, content }): ChatMessage => ({ role, content }));
  const whole = tokenizer.renderChat(plain, false);
  const parts = [];
  let end = 0;
  for (const at of learnt) {
    const prompt = tokenizer.renderChat(plain.slice(0, at), true);
    const answered = at === last ? whole : tokenizer.renderChat(plain.slice(0, at + 1), false);
    const isStable = prompt.length >= end && answered.startsWith(prompt) && whole.startsWith(answered);
    if (isStable) parts.push({ prompt: whole.slice(end, prompt.length), reply: answered.slice(prompt.length) });
    if (isStable) end = answered.length;
    else if (at === last)
      throw new TrainingDataError(
        'template-unfit',
        'the chat template does not end a conversation with its last reply',
      );
  }
  return joinParts(tokenizer, parts);
}

/**
 * A text to continue and its continuation. With an empty prompt the whole text is learnt.
 *
 * @throws {TrainingDataError} `no-completion`
 */
export function encodeCompletion(tokenizer: ModelTokenizer, prompt: string, completion: string): TokenRow {
  if (completion === '') throw new TrainingDataError('no-completion', 'a row with an empty completion; fill it in');
  const row = joinParts(tokenizer, [{ prompt, reply: completion }]);
  const end = tokenizer.vocabulary.eosId;
  if (end === undefined || row.tokens.at(-1) === end) return row;
  return { tokens: Uint32Array.from([...row.tokens, end]), isLearnt: Uint8Array.from([...row.isLearnt, 1]) };
}

interface Part {
  readonly prompt: string;
  readonly reply: string;
}

/** Prompts and replies are encoded one by one, as they are at inference. */
function joinParts(tokenizer: ModelTokenizer, parts: readonly Part[]): TokenRow {
  const tokens: number[] = [];
  const isLearnt: number[] = [];
  const push = (ids: readonly number[], count: number) => {
    for (const [at, id] of ids.entries()) {
      tokens.push(id);
      isLearnt.push(at < count ? 1 : 0);
    }
  };
  for (const { prompt, reply } of parts) {
    push(tokenizer.encodePart(prompt), 0);
    const ids = tokenizer.encodePart(reply);
    // What the template writes behind the end of a turn, a line end mostly, is never generated.
    const end = ids.findIndex((id) => tokenizer.endIds.has(id));
    push(ids, end < 0 ? ids.length : end + 1);
  }
  if (tokens[0] !== tokenizer.startIds[0]) {
    tokens.unshift(...tokenizer.startIds);
    isLearnt.unshift(...tokenizer.startIds.map(() => 0));
  }
  if (!isLearnt.includes(1))
    throw new TrainingDataError('no-completion', 'a row whose replies are empty; fill them in');
  return { tokens: Uint32Array.from(tokens), isLearnt: Uint8Array.from(isLearnt) };
}
