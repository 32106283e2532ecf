import { Tokenizer } from '@huggingface/tokenizers';
import type { GgufHeader } from '../../weights/index.ts';
import type { ChatMessage } from '../engine-api.ts';
import { EngineError } from '../errors.ts';
import { renderChat } from './chat-template.ts';
import { createDetokeniser, type Detokeniser } from './token-bytes.ts';
import { buildTokenizerJson, readVocabulary, TOKEN_TYPE, type Vocabulary } from './tokenizer-json.ts';

/** Text and tokens of one model, from its header alone: no weights and no GPU. */
export interface ModelTokenizer {
  readonly vocabulary: Vocabulary;
  readonly hasChatTemplate: boolean;
  /** Tokens that end an answer. */
  readonly endIds: ReadonlySet<number>;
  /** With a BOS where the model wants one; special tokens written out in `text` are recognised. */
  encode(text: string): Uint32Array<ArrayBuffer>;
  /** @throws {EngineError} `no-chat-template`, `chat-template-failed` */
  encodeChat(messages: readonly ChatMessage[]): Uint32Array<ArrayBuffer>;
  /** What every sequence begins with: the BOS, or nothing. */
  readonly startIds: readonly number[];
  /** Tokens of a part from inside a text: never with a BOS or EOS that it does not spell. */
  encodePart(text: string): number[];
  /** @throws {EngineError} `no-chat-template`, `chat-template-failed` */
  renderChat(messages: readonly ChatMessage[], addsGenerationPrompt: boolean): string;
  /** The text that the tokens add to a text before them (SentencePiece words keep their leading space). */
  decode(tokens: ArrayLike<number>): string;
  createDetokeniser(): Detokeniser;
}

/** Special tokens by which models of these families end a turn, where the metadata names only one of them. */
const END_TEXTS = new Set([
  '<|eot_id|>',
  '<|eom_id|>',
  '<|end_of_text|>',
  '<|im_end|>',
  '<|endoftext|>',
  '<|end|>',
  '<end_of_turn>',
  '</s>',
  '<EOT>',
]);
const END_KEYS = ['eos_token_id', 'eot_token_id', 'eom_token_id'];

/** @throws {EngineError} `tokenizer-unsupported`; {WeightsError} `gguf-metadata-missing` */
export function createModelTokenizer({ metadata }: GgufHeader): ModelTokenizer {
  const vocabulary = readVocabulary(metadata);
  const tokenizer = createTokenizer(buildTokenizerJson(metadata, vocabulary));
  const template = metadata.text('tokenizer.chat_template');
  const textOf = (id: number | undefined) => (id === undefined ? '' : (vocabulary.tokens[id] ?? ''));
  const bos = textOf(vocabulary.bosId);
  const eos = textOf(vocabulary.eosId);
  const bosIds = vocabulary.addsBos && vocabulary.bosId !== undefined ? [vocabulary.bosId] : [];
  const eosIds = vocabulary.addsEos && vocabulary.eosId !== undefined ? [vocabulary.eosId] : [];
  const encodeText = (text: string) => (text === '' ? [] : tokenizer.encode(text, { add_special_tokens: false }).ids);
  const endIds = new Set(END_KEYS.flatMap((key) => metadata.number(`tokenizer.ggml.${key}`) ?? []));
  for (const [id, token] of vocabulary.tokens.entries()) {
    if (vocabulary.types[id] === TOKEN_TYPE.control && END_TEXTS.has(token)) endIds.add(id);
  }
  const encodeChat = (messages: readonly ChatMessage[]) => {
    const text = renderChat(template, messages, { bos, eos });
    const ids = encodeText(text);
    return Uint32Array.from(ids[0] === vocabulary.bosId ? ids : [...bosIds, ...ids]);
  };
  const decode = (tokens: ArrayLike<number>) => {
    const detokeniser = createDetokeniser(vocabulary);
    return Array.from(tokens, (id) => detokeniser.push(id)).join('') + detokeniser.end();
  };
  return {
    vocabulary,
    hasChatTemplate: template !== undefined,
    endIds,
    encode: (text) => Uint32Array.from([...bosIds, ...encodeText(text), ...eosIds]),
    encodeChat,
    startIds: bosIds,
    encodePart: encodeText,
    renderChat: (messages, addsGenerationPrompt) => renderChat(template, messages, { bos, eos }, addsGenerationPrompt),
    decode,
    createDetokeniser: () => createDetokeniser(vocabulary),
  };
}

function createTokenizer(json: object): Tokenizer {
  try {
    return new Tokenizer(json, { clean_up_tokenization_spaces: false });
  } catch (cause) {
    throw new EngineError('tokenizer-unsupported', 'the vocabulary does not make a tokenizer', {}, { cause });
  }
}
