import { createRandom } from '../src/base/random.ts';
import type { Bytes } from '../src/base/bytes.ts';
import { writeGguf } from '../src/weights/gguf/write-gguf.ts';

export interface RandomModelInit {
  /** About how many bytes the tensors take together. */
  readonly sizeBytes: number;
  readonly seed: number;
  readonly name?: string;
  /** Tensors of the `layers` blocks; the more, the finer the cut. Default 40. */
  readonly layers?: number;
  /** These layers are filled from another seed: everything else is shared with the model of the same `seed`. */
  readonly differentLayers?: readonly number[];
}

/**
 * A GGUF with a valid header and random tensors of the size asked for: per layer one large Q8_0 matrix and one small F32
 * norm. Good for transfers and storage; it is no model that answers.
 */
export function randomGguf(init: RandomModelInit): Bytes {
  const layers = init.layers ?? 40;
  const width = 1024;
  const rowBytes = (width / 32) * 34;
  const rows = Math.max(1, Math.round(init.sizeBytes / layers / rowBytes));
  const tensors = Array.from({ length: layers }, (_, layer) => {
    const seed = init.differentLayers?.includes(layer) ? init.seed + 1_000_003 : init.seed;
    return [
      {
        name: `blk.${layer}.attn_norm.weight`,
        dims: [width],
        type: 'F32' as const,
        bytes: randomBytes(4 * width, seed, 2 * layer),
      },
      {
        name: `blk.${layer}.ffn_up.weight`,
        dims: [width, rows],
        type: 'Q8_0' as const,
        bytes: randomBytes(rows * rowBytes, seed, 2 * layer + 1),
      },
    ];
  });
  return writeGguf({
    metadata: {
      'general.architecture': 'llama',
      'general.name': init.name ?? `random-${init.seed}`,
      'llama.context_length': 2048,
      'llama.block_count': layers,
    },
    tensors: tensors.flat(),
  });
}

function randomBytes(count: number, seed: number, stream: number): Bytes {
  const random = createRandom(Math.imul(seed, 0x9e3779b1) ^ stream);
  const words = new Uint32Array(Math.ceil(count / 4));
  for (let i = 0; i < words.length; i++) words[i] = random.u32();
  return new Uint8Array(words.buffer, 0, count);
}
