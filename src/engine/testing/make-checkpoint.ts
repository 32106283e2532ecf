import { concatBytes, type Bytes } from '../../base/bytes.ts';
import { halfBits, halfToNumber } from '../../base/half.ts';
import { createRandom } from '../../base/random.ts';
import { bundleHeader, writeSafetensors } from '../../weights/index.ts';
import { BYTE_OF_CHARACTER } from '../tokenizer/byte-alphabet.ts';

export interface CheckpointKind {
  readonly architecture: 'llama' | 'qwen2' | 'qwen3';
  readonly method: 'awq' | 'gptq' | 'gptq_v2' | 'none';
  readonly groupSize: number;
  readonly isSymmetric?: boolean;
  /** What is changed in config.json. */
  readonly config?: object;
  /** What is changed in tokenizer.json. */
  readonly tokenizer?: object;
  /** Changes or adds tensors. */
  readonly edit?: (tensors: Map<string, Tensor>) => void;
}

export interface Tensor {
  readonly type: 'F16' | 'F32' | 'BF16' | 'I32';
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
}

export interface MadeCheckpoint {
  readonly files: ReadonlyMap<string, Bytes>;
  /** (outputs × inputs) weights or vectors, by GGUF's names but in the checkpoint's own order of rows. */
  readonly tables: ReadonlyMap<string, Float64Array>;
}

const SHAPE = { width: 128, ffn: 256, heads: 4, kvHeads: 2, headSize: 32, layers: 2 };
const SIZES: readonly (readonly [string, string, number, number])[] = [
  ['self_attn.q_proj', 'attn_q', 128, 128],
  ['self_attn.k_proj', 'attn_k', 128, 64],
  ['self_attn.v_proj', 'attn_v', 128, 64],
  ['self_attn.o_proj', 'attn_output', 128, 128],
  ['mlp.gate_proj', 'ffn_gate', 128, 256],
  ['mlp.up_proj', 'ffn_up', 128, 256],
  ['mlp.down_proj', 'ffn_down', 256, 128],
];
const MERGES = ['h e', 'l l', 'he ll'];
const QWEN_WORDS =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
/** Columns of AWQ's words, low bits first. */
const AWQ_ORDER = [0, 2, 4, 6, 1, 3, 5, 7];

/** A folder with random weights as AutoAWQ or AutoGPTQ would lay it out, and what those weights are. */
export function makeCheckpoint(kind: CheckpointKind): MadeCheckpoint {
  const random = createRandom(5);
  const tensors = new Map<string, Tensor>();
  const tables = new Map<string, Float64Array>();
  const vocabulary = [...BYTE_OF_CHARACTER.keys(), ...MERGES.map((merge) => merge.replace(' ', '')), '<|end|>'];
  const half = (shape: readonly number[], scale: number, middle = 0) => {
    const bits = Uint16Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () =>
      halfBits(middle + scale * (2 * random.uniform() - 1)),
    );
    return { tensor: { type: 'F16' as const, shape, bytes: new Uint8Array(bits.buffer) }, numbers: numbersOf(bits) };
  };
  const plain = (name: string, gguf: string, shape: readonly number[], scale: number, middle = 0) => {
    const { tensor, numbers } = half(shape, scale, middle);
    tensors.set(name, tensor);
    tables.set(gguf, numbers);
  };
  plain('model.embed_tokens.weight', 'token_embd.weight', [vocabulary.length, SHAPE.width], 1);
  plain('lm_head.weight', 'output.weight', [vocabulary.length, SHAPE.width], 0.3);
  plain('model.norm.weight', 'output_norm.weight', [SHAPE.width], 0.5, 1);
  for (let layer = 0; layer < SHAPE.layers; layer++) {
    const [from, to] = [`model.layers.${layer}.`, `blk.${layer}.`];
    plain(`${from}input_layernorm.weight`, `${to}attn_norm.weight`, [SHAPE.width], 0.5, 1);
    plain(`${from}post_attention_layernorm.weight`, `${to}ffn_norm.weight`, [SHAPE.width], 0.5, 1);
    for (const [part, gguf, inputs, outputs] of SIZES) {
      if (kind.method === 'none') {
        plain(`${from}${part}.weight`, `${to}${gguf}.weight`, [outputs, inputs], 0.2);
      } else {
        const made = quantised(kind, inputs, outputs, random.below(2 ** 31), (shape) => half(shape, 0.01, 0.02));
        for (const [name, tensor] of made.tensors) tensors.set(`${from}${part}.${name}`, tensor);
        tables.set(`${to}${gguf}.weight`, made.weights);
      }
      if (kind.architecture === 'qwen2' && /[qkv]_proj$/.test(part))
        plain(`${from}${part}.bias`, `${to}${gguf}.bias`, [outputs], 0.5);
    }
    for (const part of kind.architecture === 'qwen3' ? ['q_norm', 'k_norm'] : [])
      plain(`${from}self_attn.${part}.weight`, `${to}attn_${part}.weight`, [SHAPE.headSize], 0.3, 1);
  }
  kind.edit?.(tensors);
  const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
  const listed = [...tensors].map(([name, tensor]) => ({ name, ...tensor }));
  // Two files, as large checkpoints come.
  const files = new Map<string, Bytes>([
    ['config.json', json({ ...configOf(kind), ...kind.config })],
    ['tokenizer.json', json({ ...tokenizerOf(vocabulary), ...kind.tokenizer })],
    ['tokenizer_config.json', json({ eos_token: { content: '<|end|>' }, bos_token: null })],
    ['model-00001-of-00002.safetensors', writeSafetensors(listed.slice(0, 9))],
    ['model-00002-of-00002.safetensors', writeSafetensors(listed.slice(9), { format: 'pt' })],
  ]);
  return { files, tables };
}

/** One file of a folder, as it is stored. */
export function bundleOf(files: ReadonlyMap<string, Bytes>): { readonly file: Bytes; readonly headerBytes: number } {
  const header = bundleHeader([...files].map(([name, { byteLength }]) => ({ name, sizeBytes: byteLength })));
  return { file: concatBytes([header, ...files.values()]), headerBytes: header.byteLength };
}

function numbersOf(bits: Uint16Array): Float64Array {
  return Float64Array.from(bits, halfToNumber);
}

function quantised(
  { method, groupSize, isSymmetric }: CheckpointKind,
  inputs: number,
  outputs: number,
  seed: number,
  scalesOf: (shape: readonly number[]) => { readonly tensor: Tensor; readonly numbers: Float64Array },
) {
  const random = createRandom(seed);
  const size = groupSize === -1 ? inputs : groupSize;
  const groups = inputs / size;
  const codes = Array.from({ length: inputs }, () => Array.from({ length: outputs }, () => random.below(16)));
  const zeros = Array.from({ length: groups }, () =>
    Array.from({ length: outputs }, () => (isSymmetric ? 8 : 1 + random.below(15))),
  );
  const scales = scalesOf([groups, outputs]);
  const weights = new Float64Array(outputs * inputs);
  for (let o = 0; o < outputs; o++) {
    for (let i = 0; i < inputs; i++) {
      const g = Math.floor(i / size);
      weights[o * inputs + i] = (scales.numbers[g * outputs + o] ?? 0) * ((codes[i]?.[o] ?? 0) - (zeros[g]?.[o] ?? 0));
    }
  }
  const words = (rows: readonly (readonly number[])[], order: readonly number[]): Tensor => {
    const columns = (rows[0]?.length ?? 0) / 8;
    const packed = rows.flatMap((row) =>
      Array.from({ length: columns }, (_, c) =>
        order.reduce((word, column, n) => word | ((row[8 * c + column] ?? 0) << (4 * n)), 0),
      ),
    );
    return { type: 'I32', shape: [rows.length, columns], bytes: new Uint8Array(Int32Array.from(packed).buffer) };
  };
  const inOrder = [0, 1, 2, 3, 4, 5, 6, 7];
  const made = new Map<string, Tensor>([['scales', scales.tensor]]);
  if (method === 'awq') {
    made.set('qweight', words(codes, AWQ_ORDER));
    made.set('qzeros', words(zeros, AWQ_ORDER));
  } else {
    const across = Array.from({ length: outputs }, (_, o) => codes.map((row) => row[o] ?? 0));
    const tall = words(across, inOrder);
    const source = new Int32Array(tall.bytes.buffer as ArrayBuffer);
    const turned = Int32Array.from(
      source,
      (_, at) => source[(at % outputs) * (inputs / 8) + Math.floor(at / outputs)] ?? 0,
    );
    made.set('qweight', { type: 'I32', shape: [inputs / 8, outputs], bytes: new Uint8Array(turned.buffer) });
    const stored = method === 'gptq' ? zeros.map((row) => row.map((zero) => zero - 1)) : zeros;
    made.set('qzeros', words(stored, inOrder));
    const groupOf = Int32Array.from({ length: inputs }, (_, i) => Math.floor(i / size));
    made.set('g_idx', { type: 'I32', shape: [inputs], bytes: new Uint8Array(groupOf.buffer) });
    // As AutoGPTQ writes them for layers that have none.
    made.set('bias', { type: 'F16', shape: [outputs], bytes: new Uint8Array(2 * outputs) });
  }
  return { tensors: made, weights };
}

function configOf({ architecture, method, groupSize, isSymmetric = false }: CheckpointKind): object {
  const base = { bits: 4, group_size: groupSize };
  const quantization_config =
    method === 'awq'
      ? { ...base, quant_method: 'awq', version: 'gemm', zero_point: true, modules_to_not_convert: null }
      : { ...base, quant_method: 'gptq', sym: isSymmetric, desc_act: false, checkpoint_format: method };
  return {
    architectures: ['Model'],
    model_type: architecture,
    hidden_size: SHAPE.width,
    intermediate_size: SHAPE.ffn,
    num_hidden_layers: SHAPE.layers,
    num_attention_heads: SHAPE.heads,
    num_key_value_heads: SHAPE.kvHeads,
    head_dim: SHAPE.headSize,
    max_position_embeddings: 64,
    rms_norm_eps: 1e-5,
    rope_theta: 10_000,
    hidden_act: 'silu',
    tie_word_embeddings: false,
    ...(method === 'none' ? {} : { quantization_config }),
  };
}

function tokenizerOf(vocabulary: readonly string[]): object {
  const splits = [
    { type: 'Split', pattern: { Regex: QWEN_WORDS }, behavior: 'Isolated', invert: false },
    { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
  ];
  return {
    added_tokens: [{ id: vocabulary.length - 1, content: '<|end|>', special: true }],
    pre_tokenizer: { type: 'Sequence', pretokenizers: splits },
    model: {
      type: 'BPE',
      vocab: Object.fromEntries(vocabulary.slice(0, -1).map((token, id) => [token, id])),
      merges: MERGES.map((merge, i) => (i % 2 ? merge.split(' ') : merge)),
    },
  };
}
