import { writeOnnx } from './onnx-writer.ts';

const TOKENS = { type: 'int64', dims: ['batch', 'sequence'] } as const;

export const SENTIMENT_LABELS = ['entailment', 'neutral', 'contradiction'] as const;

/**
 * A classifier whose logits are the sum of a table's rows over the tokens: the character `y` speaks for the first label,
 * `n` for the third. Right answers are known without running it.
 *
 * @param vocabulary of bert-tiny's tokenizer
 */
export function classifierFiles(vocabulary: Readonly<Record<string, number>>): Record<string, string | Uint8Array> {
  const size = Math.max(...Object.values(vocabulary)) + 1;
  const table = new Float32Array(size * 3);
  for (const [token, row] of [
    ['y', [2, 0, -2]],
    ['n', [-2, 0, 2]],
  ] as const) {
    for (const form of [token, `##${token}`]) {
      const id = vocabulary[form];
      if (id !== undefined) table.set(row, id * 3);
    }
  }
  const model = writeOnnx({
    inputs: { input_ids: TOKENS, attention_mask: TOKENS, token_type_ids: TOKENS },
    tensors: {
      table: { dims: [size, 3], data: table },
      last: { dims: [1], data: BigInt64Array.of(2n) },
      middle: { dims: [1], data: BigInt64Array.of(1n) },
    },
    nodes: [
      { op: 'Gather', inputs: ['table', 'input_ids'], output: 'rows' },
      { op: 'Cast', inputs: ['attention_mask'], output: 'mask', attributes: { to: 1 } },
      { op: 'Unsqueeze', inputs: ['mask', 'last'], output: 'wide_mask' },
      { op: 'Mul', inputs: ['rows', 'wide_mask'], output: 'kept' },
      { op: 'ReduceSum', inputs: ['kept', 'middle'], output: 'logits', attributes: { keepdims: 0 } },
    ],
    output: { name: 'logits', dims: ['batch', 'labels'] },
  });
  const labels = Object.fromEntries(SENTIMENT_LABELS.map((label, i) => [i, label]));
  const ids = Object.fromEntries(SENTIMENT_LABELS.map((label, i) => [label, i]));
  const config = {
    model_type: 'bert',
    architectures: ['BertForSequenceClassification'],
    id2label: labels,
    label2id: ids,
    vocab_size: size,
    hidden_size: 3,
    num_attention_heads: 1,
    num_hidden_layers: 1,
  };
  return { 'config.json': JSON.stringify(config), 'onnx/model.onnx': model };
}

/** 20 ms at 16 kHz. */
export const FRAME = 320;
const LETTERS = ['<pad>', 'a', 'b', 'c'];
/** Whole turns within a frame, so that the tones are orthogonal; 0 is silence. */
const TURNS = [0, 8, 16, 32];

/** A speech recogniser that hears tones: letter k is k's tone, a frame long. */
export function speechFiles(): Record<string, string | Uint8Array> {
  const filters = new Float32Array(LETTERS.length * FRAME);
  for (const [k, turns] of TURNS.entries()) if (turns > 0) filters.set(toneOf(turns), k * FRAME);
  // Silence wins where no tone is heard.
  const bias = Float32Array.of(20, 0, 0, 0);
  const model = writeOnnx({
    inputs: { input_values: { type: 'float', dims: ['batch', 'samples'] } },
    tensors: {
      filters: { dims: [LETTERS.length, 1, FRAME], data: filters },
      bias: { dims: [LETTERS.length], data: bias },
      middle: { dims: [1], data: BigInt64Array.of(1n) },
    },
    nodes: [
      { op: 'Unsqueeze', inputs: ['input_values', 'middle'], output: 'wave' },
      { op: 'Conv', inputs: ['wave', 'filters', 'bias'], output: 'heard', attributes: { strides: [FRAME] } },
      { op: 'Transpose', inputs: ['heard'], output: 'logits', attributes: { perm: [0, 2, 1] } },
    ],
    output: { name: 'logits', dims: ['batch', 'frames', 'letters'] },
  });
  return {
    'onnx/model.onnx': model,
    'config.json': JSON.stringify({
      model_type: 'wav2vec2',
      architectures: ['Wav2Vec2ForCTC'],
      vocab_size: LETTERS.length,
      pad_token_id: 0,
    }),
    'preprocessor_config.json': JSON.stringify({
      feature_extractor_type: 'Wav2Vec2FeatureExtractor',
      feature_size: 1,
      sampling_rate: 16_000,
      do_normalize: false,
      padding_value: 0,
      return_attention_mask: false,
    }),
    'tokenizer_config.json': JSON.stringify({ tokenizer_class: 'Wav2Vec2CTCTokenizer', pad_token: '<pad>' }),
    'tokenizer.json': JSON.stringify({
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: [{ id: 0, content: '<pad>', special: true, normalized: false, lstrip: false, rstrip: false }],
      normalizer: null,
      pre_tokenizer: null,
      post_processor: null,
      decoder: { type: 'CTC', pad_token: '<pad>', word_delimiter_token: '|', cleanup: true },
      model: { type: 'WordLevel', unk_token: '<pad>', vocab: Object.fromEntries(LETTERS.map((l, i) => [l, i])) },
    }),
  };
}

/** The wave that `speechFiles` hears as `text`: each letter a tone, silence between. */
export function speak(text: string): Float32Array {
  const samples = new Float32Array(text.length * 2 * FRAME);
  for (const [i, letter] of text.split('').entries())
    samples.set(toneOf(TURNS[LETTERS.indexOf(letter)] ?? 0), 2 * i * FRAME);
  return samples;
}

function toneOf(turns: number): Float32Array {
  return Float32Array.from({ length: FRAME }, (_, i) => Math.sin((2 * Math.PI * turns * i) / FRAME));
}
