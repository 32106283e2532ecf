import type { Bytes } from '../../base/bytes.ts';
import { createRandom } from '../../base/random.ts';
import { tensorBytes, writeGguf } from '../../weights/index.ts';

/** Layers as wide as SmolLM2-135M's, four of its thirty, over fewer words. */
const SHAPE = { width: 576, ffn: 1536, heads: 9, kvHeads: 3, headSize: 64, layers: 4, vocabulary: 4096 };
/** Half-precision bits of a 128th and of 1. */
const SCALE = 0x2000;
const ONE = 0x3f80_0000;

/** A Llama of random Q4_0 weights in which products cost what they do in a small model that people use. */
export function randomModel(): Bytes {
  const random = createRandom(3);
  const { width, ffn, heads, kvHeads, headSize, layers, vocabulary } = SHAPE;
  const matrix = (name: string, inputs: number, outputs: number) => {
    const bytes = new Uint8Array(outputs * tensorBytes('Q4_0', inputs));
    const words = new Uint32Array(bytes.buffer, 0, bytes.byteLength >> 2);
    for (let i = 0; i < words.length; i++) words[i] = random.u32();
    const view = new DataView(bytes.buffer);
    for (let at = 0; at < bytes.byteLength; at += 18) view.setUint16(at, SCALE, true);
    return { name: `${name}.weight`, dims: [inputs, outputs], type: 'Q4_0' as const, bytes };
  };
  const gains = (name: string) => {
    const bytes = new Uint8Array(new Uint32Array(width).fill(ONE).buffer);
    return { name: `${name}.weight`, dims: [width], type: 'F32' as const, bytes };
  };
  const layer = (i: number) => [
    gains(`blk.${i}.attn_norm`),
    matrix(`blk.${i}.attn_q`, width, heads * headSize),
    matrix(`blk.${i}.attn_k`, width, kvHeads * headSize),
    matrix(`blk.${i}.attn_v`, width, kvHeads * headSize),
    matrix(`blk.${i}.attn_output`, heads * headSize, width),
    gains(`blk.${i}.ffn_norm`),
    matrix(`blk.${i}.ffn_gate`, width, ffn),
    matrix(`blk.${i}.ffn_up`, width, ffn),
    matrix(`blk.${i}.ffn_down`, ffn, width),
  ];
  return writeGguf({
    metadata: {
      'general.architecture': 'llama',
      'llama.block_count': layers,
      'llama.embedding_length': width,
      'llama.feed_forward_length': ffn,
      'llama.attention.head_count': heads,
      'llama.attention.head_count_kv': kvHeads,
      'llama.attention.layer_norm_rms_epsilon': { f32: 1e-5 },
      'llama.context_length': 2048,
      'tokenizer.ggml.model': 'gpt2',
      'tokenizer.ggml.pre': 'gpt-2',
      'tokenizer.ggml.tokens': Array.from({ length: vocabulary }, (_, id) => `word${id}`),
      'tokenizer.ggml.merges': ['w o'],
    },
    tensors: [
      matrix('token_embd', width, vocabulary),
      ...Array.from({ length: layers }, (_, i) => layer(i)).flat(),
      gains('output_norm'),
    ],
  });
}
