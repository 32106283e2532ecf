import type { ModelRoot } from '../base/branded.ts';
import type { Bytes } from '../base/bytes.ts';
import type { AdapterWeights, LowRankPair, ModelConfig } from '../engine/index.ts';
import type { AdapterFacts } from '../protocol/index.ts';
import {
  adapterMetadata,
  isAdapter,
  parseGgufHeader,
  readFloats,
  writeGguf,
  type GgufTensor,
} from '../weights/index.ts';
import { AdapterError } from './errors.ts';
import { checkAdapter, scaleOf, type LoraAdapter } from './lora-form.ts';

/** What the file says of itself: for people, and where it comes from. */
export interface AdapterOrigin {
  readonly name?: string | undefined;
  readonly licence?: string | undefined;
  /** The model that it changes; without it the file can be used but not published. */
  readonly base?: ModelRoot | undefined;
  /** Adapters that it was made from. */
  readonly parents?: AdapterFacts['parents'] | undefined;
}

const KEYS = {
  architecture: 'general.architecture',
  type: 'general.type',
  name: 'general.name',
  licence: 'general.license',
  kind: 'adapter.type',
  alpha: 'adapter.lora.alpha',
} as const;

/**
 * A GGUF that llama.cpp loads with `--lora`: a pair `T.lora_a` (rank, inputs) and `T.lora_b` (outputs, rank) for each
 * tensor T of the base, f32. Its reader divides alpha by the rank, so that a rank-stabilised one is written as α · √rank.
 *
 * @throws {AdapterError} as `checkAdapter`
 * @see llama.cpp `convert_lora_to_gguf.py`, `src/llama-adapter.cpp`
 */
export function writeGgufLora(adapter: LoraAdapter, config: ModelConfig, origin: AdapterOrigin = {}): Bytes {
  checkAdapter(adapter, config);
  const { weights, form } = adapter;
  const { rank } = form;
  const { name, licence, base, parents = [] } = origin;
  return writeGguf({
    metadata: {
      [KEYS.architecture]: config.architecture,
      [KEYS.type]: 'adapter',
      [KEYS.kind]: 'lora',
      [KEYS.alpha]: { f32: scaleOf(form) * rank },
      ...(name !== undefined && { [KEYS.name]: name }),
      ...(licence !== undefined && { [KEYS.licence]: licence }),
      ...(base !== undefined && adapterMetadata({ base, parents })),
    },
    tensors: [...weights].flatMap(([tensor, { a, b }]) => [
      { name: `${tensor}.lora_a`, dims: [a.length / rank, rank], type: 'F32' as const, bytes: bytesOf(a) },
      { name: `${tensor}.lora_b`, dims: [rank, b.length / rank], type: 'F32' as const, bytes: bytesOf(b) },
    ]),
  });
}

/**
 * Reads a GGUF adapter for a base.
 *
 * @param bytes the whole file
 * @throws {AdapterError} `adapter-invalid`, `adapter-unsupported`, `adapter-base`; {WeightsError} if it is no GGUF, ends early,
 * or is of a type of blocks
 */
export function readGgufLora(bytes: Bytes, config: ModelConfig): LoraAdapter {
  const header = parseGgufHeader(bytes);
  const { metadata, tensors } = header;
  if (!isAdapter(header)) throw invalid('it is a model, not an adapter');
  const kind = metadata.text(KEYS.kind) ?? 'unknown';
  if (kind !== 'lora') throw unsupported(`it is of kind ${kind.slice(0, 40)}, lora expected`);
  const architecture = metadata.text(KEYS.architecture) ?? 'unknown';
  if (architecture !== config.architecture) {
    const why = `it is for ${architecture.slice(0, 40)}, the base is ${config.architecture}`;
    throw new AdapterError('adapter-base', `${why}; choose the base that it was made for`);
  }
  const alpha = metadata.number(KEYS.alpha) ?? Number.NaN;
  if (!(alpha > 0 && alpha < Infinity)) throw invalid(`its alpha is ${alpha}`);
  const weights = readPairs(bytes, tensors, alpha);
  const adapter = { weights, form: { rank: [...weights.values()][0]?.rank ?? 0, alpha } };
  checkAdapter(adapter, config);
  return adapter;
}

function readPairs(bytes: Bytes, tensors: readonly GgufTensor[], alpha: number): AdapterWeights {
  const byName = new Map(tensors.map((tensor) => [tensor.name, tensor]));
  const weights = new Map<string, LowRankPair>();
  for (const { name, dims } of tensors) {
    const base = name.slice(0, -'.lora_a'.length);
    const isA = name.endsWith('.lora_a');
    if (!isA && !name.endsWith('.lora_b')) throw unsupported(`it holds ${name.slice(0, 100)}, no half of a pair`);
    const [a, b] = [byName.get(`${base}.lora_a`), byName.get(`${base}.lora_b`)];
    if (!a || !b) throw invalid(`${base.slice(0, 100)} has only one half of its pair`);
    if (!isA) continue;
    const rank = dims[1] ?? 1;
    if (b.dims[0] !== rank) throw invalid(`the halves of ${base.slice(0, 100)} are of ranks ${rank} and ${b.dims[0]}`);
    weights.set(base, { rank, scale: alpha / rank, a: readFloats(bytes, a), b: readFloats(bytes, b) });
  }
  return weights;
}

function bytesOf(values: Float32Array<ArrayBuffer>): Bytes {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function invalid(why: string): AdapterError {
  return new AdapterError('adapter-invalid', `no adapter: ${why}; export it again`);
}

function unsupported(why: string): AdapterError {
  return new AdapterError('adapter-unsupported', `${why}; merge it into its base instead`);
}
