import type { Bytes } from '../../base/bytes.ts';
import { loadWeights, type LoadedWeights, type ModelConfig } from '../../engine/index.ts';
import { dequantise } from '../../engine/model/dequantise.reference.ts';
import { storeFile } from '../../engine/testing/store-file.ts';
import { createGpuMemory, type GpuDevice, type GpuMemory } from '../../gpu/index.ts';
import { writeGguf } from '../../weights/gguf/write-gguf.ts';
import { createMemoryPieceStore, layoutGguf, parseGgufHeader } from '../../weights/index.ts';

/** A base on the GPU with what the f64 reference needs of it. */
export interface TestBase extends LoadedWeights {
  /** Every tensor of the file in f64. */
  readonly parameters: ReadonlyMap<string, Float64Array>;
  readonly memory: GpuMemory;
  free(): void;
}

/** Loads a GGUF as the frozen base of training. */
export async function loadTestBase(gpu: GpuDevice, file: Bytes, maxChunkBytes?: number): Promise<TestBase> {
  const store = createMemoryPieceStore();
  const source = await storeFile(store, file, 100_003);
  const memory = createGpuMemory(gpu.device);
  const loaded = await loadWeights(gpu.device.queue, memory, store, source, { maxChunkBytes });
  const { tensors } = layoutGguf(parseGgufHeader(file), file.byteLength);
  const parameters = new Map(
    tensors.map(({ name, type, start, sizeBytes }) => [
      name,
      dequantise(type, file.subarray(start, start + sizeBytes)),
    ]),
  );
  return { ...loaded, parameters, memory, free: () => memory.freeAll() };
}

/** A GGUF of f32 tensors, without a tokenizer. */
export function writeTestModel(config: ModelConfig, tensors: ReadonlyMap<string, Float32Array<ArrayBuffer>>): Bytes {
  const { architecture } = config;
  const numbers = {
    embedding_length: config.width,
    block_count: config.layers,
    feed_forward_length: config.ffnWidth,
    context_length: config.contextTokens,
    'attention.head_count': config.heads,
    'attention.head_count_kv': config.kvHeads,
    'attention.key_length': config.headSize,
    'attention.value_length': config.headSize,
    'rope.dimension_count': config.rotary,
    'rope.freq_base': { f32: config.ropeBase },
    'attention.layer_norm_rms_epsilon': config.epsilon,
  };
  return writeGguf({
    metadata: {
      'general.architecture': architecture,
      ...Object.fromEntries(Object.entries(numbers).map(([key, value]) => [`${architecture}.${key}`, value])),
    },
    tensors: [...tensors].map(([name, values]) => {
      const isVector = /norm|bias|rope_freqs/.test(name);
      const columns = isVector ? values.length : inputsOf(config, name);
      const dims = isVector ? [columns] : [columns, values.length / columns];
      return { name, dims, type: 'F32', bytes: new Uint8Array(values.buffer, values.byteOffset, values.byteLength) };
    }),
  });
}

function inputsOf(config: ModelConfig, name: string): number {
  if (name.includes('ffn_down')) return config.ffnWidth;
  return name.includes('attn_output') ? config.heads * config.headSize : config.width;
}
