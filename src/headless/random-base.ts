import { halfBits } from '../base/half.ts';
import { createRandom } from '../base/random.ts';
import type { ModelConfig } from '../engine/index.ts';
import { BUFFER_USAGE, MAX_BINDING_BYTES, type GpuMemory } from '../gpu/index.ts';
import type { FrozenView } from '../training/index.ts';

/** Codes that matrices of any size repeat, at a distance that no row of theirs has. */
const PATTERN_BYTES = 1_048_583;
/** Standard deviations of uniform codes. */
const SPREAD = { Q4_0: 4.6, Q8_0: 74 } as const;

/**
 * A base of Q4_0 with a table of Q8_0, as such files come: uniform codes, scales that keep activations about 1, norms of 1.
 *
 * @throws {GpuError} `out-of-memory`
 */
export async function randomBase(device: GPUDevice, model: ModelConfig, memory: GpuMemory): Promise<FrozenView> {
  const { STORAGE, COPY_DST } = BUFFER_USAGE;
  const { width, ffnWidth, heads, kvHeads, headSize, vocabulary } = model;
  const random = createRandom(1);
  const pattern = Uint8Array.from({ length: PATTERN_BYTES }, () => random.below(256));
  const fill = (buffer: GPUBuffer, codesBytes: number, k: number, type: 'Q4_0' | 'Q8_0') => {
    const bytes = new Uint8Array(buffer.size);
    for (let at = 0; at < codesBytes; at += PATTERN_BYTES)
      bytes.set(pattern.subarray(0, Math.min(PATTERN_BYTES, codesBytes - at)), at);
    new Uint16Array(bytes.buffer, codesBytes).fill(halfBits(1 / (SPREAD[type] * Math.sqrt(k))));
    device.queue.writeBuffer(buffer, 0, bytes);
  };
  const matrix = async (
    parts: readonly (readonly [tensor: string, rows: number])[],
    k: number,
    type: 'Q4_0' | 'Q8_0',
  ) => {
    const label = parts[0]?.[0] ?? '';
    const rowBytes = (k * (type === 'Q4_0' ? 4 : 8)) / 8;
    const chunks = [];
    const whole = parts.reduce((sum, [, count]) => sum + count, 0);
    // Only tables are too large for one binding, and they have one part.
    const most = Math.floor(MAX_BINDING_BYTES / (rowBytes + k / 8) / 64) * 64;
    for (let first = 0; first < whole; first += most) {
      const rows = Math.min(most, whole - first);
      const bytes = rows * (rowBytes + Math.ceil(k / 64) * 4);
      const buffer = await memory.create(label, bytes, STORAGE | COPY_DST);
      fill(buffer, rows * rowBytes, k, type);
      let chunkRow = 0;
      const placed = parts.map(([tensor, count]) => {
        const at = chunkRow;
        chunkRow += count;
        return { tensor, tensorRow: first, rows: Math.min(count, rows), chunkRow: at };
      });
      chunks.push({
        rows,
        outputs: rows,
        firstOutput: first,
        parts: placed,
        buffer,
        scalesWord: (rows * rowBytes) / 4,
      });
    }
    return { label, type, k, firstRow: 0, chunks };
  };
  const vector = async (length: number) => {
    const buffer = await memory.create('vector', 4 * length, STORAGE | COPY_DST);
    device.queue.writeBuffer(buffer, 0, new Float32Array(length).fill(1));
    return buffer;
  };
  const embedding = await matrix([['token_embd.weight', vocabulary]], width, 'Q8_0');
  const layers = [];
  for (let i = 0; i < model.layers; i++) {
    const tensor = (part: string, rows: number) => [`blk.${i}.${part}.weight`, rows] as const;
    const [q, kv] = [heads * headSize, kvHeads * headSize];
    const qkv = [tensor('attn_q', q), tensor('attn_k', kv), tensor('attn_v', kv)];
    layers.push({
      attentionNorm: await vector(width),
      qkv: [await matrix(qkv, width, 'Q4_0')],
      vectors: await vector(q + 2 * kv),
      output: await matrix([tensor('attn_output', width)], q, 'Q4_0'),
      ffnNorm: await vector(width),
      gateUp: await matrix([tensor('ffn_gate', ffnWidth), tensor('ffn_up', ffnWidth)], width, 'Q4_0'),
      down: await matrix([tensor('ffn_down', width)], ffnWidth, 'Q4_0'),
    });
  }
  return { embedding, layers, outputNorm: await vector(width), head: embedding, ropeFactors: undefined };
}
