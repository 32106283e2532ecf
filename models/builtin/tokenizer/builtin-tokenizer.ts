import { TOKEN_TYPE } from '../../../src/engine/tokenizer/tokenizer-json.ts';
import { corpusRow } from '../corpus/rows.ts';
import { trainBpe } from './train-bpe.ts';

/** Markers of a chat; the last two also begin a row and fill it up. */
const MARKERS = ['<|system|>', '<|user|>', '<|assistant|>', '<|end|>', '<|start|>'] as const;
const PRE_TOKENIZER = 'smollm';
/** Rows that the vocabulary is learnt from. */
const ROWS = 3_000;

export const CHAT_TEMPLATE =
  '{% for message in messages %}<|{{ message.role }}|>{{ message.content | trim }}<|end|>{% endfor %}' +
  '{% if add_generation_prompt %}<|assistant|>{% endif %}';

/**
 * The vocabulary of the built-in model as GGUF metadata: byte-level BPE learnt from its own corpus, single digits, and
 * markers that no text can spell.
 *
 * @param size tokens, bytes and markers included
 */
export function builtinTokenizerMetadata(seed: number, size: number) {
  const texts = Array.from({ length: ROWS }, (_, index) => corpusRow(seed, index, 'train').messages).flatMap(
    (messages) => messages.map(({ content }) => content),
  );
  const { tokens, merges } = trainBpe(texts, PRE_TOKENIZER, size - MARKERS.length);
  const all = [...tokens, ...MARKERS];
  return {
    'tokenizer.ggml.model': 'gpt2',
    'tokenizer.ggml.pre': PRE_TOKENIZER,
    'tokenizer.ggml.tokens': all,
    'tokenizer.ggml.token_type': Int32Array.from(all, (_, id) =>
      id < tokens.length ? TOKEN_TYPE.normal : TOKEN_TYPE.control,
    ),
    'tokenizer.ggml.merges': merges,
    'tokenizer.ggml.bos_token_id': all.indexOf('<|start|>'),
    'tokenizer.ggml.eos_token_id': all.indexOf('<|end|>'),
    'tokenizer.ggml.padding_token_id': all.indexOf('<|end|>'),
    'tokenizer.ggml.add_bos_token': true,
    'tokenizer.chat_template': CHAT_TEMPLATE,
  } as const;
}
