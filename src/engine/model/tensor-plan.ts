import { MAX_BINDING_BYTES } from '../../gpu/index.ts';
import type { GgufHeader, GgufTensor, TensorType } from '../../weights/index.ts';
import { EngineError } from '../errors.ts';
import type { ModelConfig } from './config.ts';
import { packedRow } from './packing.ts';

/** Rows of one tensor that lie in a chunk. */
export interface PlannedRows {
  readonly tensor: string;
  readonly tensorRow: number;
  readonly rows: number;
  readonly chunkRow: number;
}

/** A part of a matrix that one binding can hold: rows of one or several tensors of the same type. */
export interface PlannedChunk {
  /** Rows that lie in it, of all its tensors. */
  readonly rows: number;
  /** Output rows that it makes; half of `rows` for pairs of gate and up. */
  readonly outputs: number;
  /** The first of those in the matrix. */
  readonly firstOutput: number;
  readonly parts: readonly PlannedRows[];
}

/** A matrix as the kernels see it. */
export interface PlannedMatrix {
  readonly label: string;
  readonly type: TensorType;
  /** Inputs. */
  readonly k: number;
  /** Where its outputs begin in the kernel's output row. */
  readonly firstRow: number;
  readonly chunks: readonly PlannedChunk[];
}

/** f32 numbers of one or several small tensors, one after the other; absent ones are zeros. */
export interface PlannedVector {
  readonly label: string;
  readonly length: number;
  readonly parts: readonly { readonly tensor: string; readonly at: number }[];
}

export interface PlannedLayer {
  readonly attentionNorm: PlannedVector;
  /** q, k and v, those of one type together. */
  readonly qkv: readonly PlannedMatrix[];
  /** Biases of q, k and v, then the gains of the q and k norms. */
  readonly vectors: PlannedVector;
  readonly output: PlannedMatrix;
  readonly ffnNorm: PlannedVector;
  /** Rows of the gate, then the same rows of up, in each chunk. */
  readonly gateUp: PlannedMatrix;
  readonly down: PlannedMatrix;
}

/** Which tensors become which buffers. */
export interface TensorPlan {
  readonly embedding: PlannedMatrix;
  readonly layers: readonly PlannedLayer[];
  readonly outputNorm: PlannedVector;
  /** Undefined where the embedding is also the head. */
  readonly head: PlannedMatrix | undefined;
  /** `rope_freqs.weight` if the model has it; used on the CPU. */
  readonly hasRopeFactors: boolean;
}

/** Small tensors become f32 as they are read. */
const VECTOR_TYPES: ReadonlySet<TensorType> = new Set<TensorType>(['F32', 'F16', 'BF16']);

/**
 * Checks every tensor's presence and shape and plans the buffers.
 *
 * @param maxChunkBytes split matrices by rows so that no binding is larger; smaller in tests
 * @throws {EngineError} `model-invalid` for a missing or misshapen tensor, `model-unsupported` for one we cannot use
 */
export function planTensors(
  header: Pick<GgufHeader, 'tensors'>,
  config: ModelConfig,
  maxChunkBytes = MAX_BINDING_BYTES,
): TensorPlan {
  const tensors = new Map(header.tensors.map((tensor) => [tensor.name, tensor]));
  const used = new Set<string>();
  const take = (name: string, ...dims: number[]): GgufTensor => {
    const tensor = tensors.get(name);
    if (tensor?.dims.join() !== dims.join()) {
      throw new EngineError(
        'model-invalid',
        `tensor ${name} must be ${dims.join('×')}, found ${tensor?.dims.join('×') ?? 'none'}`,
        { name },
      );
    }
    if (dims.length === 1 && !VECTOR_TYPES.has(tensor.type)) {
      throw new EngineError(
        'model-unsupported',
        `tensor ${name} is a vector of ${tensor.type}, one of ${[...VECTOR_TYPES].join(', ')} expected`,
        { name },
      );
    }
    used.add(name);
    return tensor;
  };
  const has = (name: string) => tensors.has(name);
  const { width, vocabulary } = config;
  const matrix = (label: string, parts: readonly GgufTensor[], firstRow = 0) =>
    planRows(label, parts, firstRow, maxChunkBytes);
  const plan: TensorPlan = {
    embedding: matrix('token_embd', [take('token_embd.weight', width, vocabulary)]),
    layers: Array.from({ length: config.layers }, (_, layer) => planLayer(config, layer, take, has, maxChunkBytes)),
    outputNorm: planVector('output_norm', [take('output_norm.weight', width)]),
    head: config.isTied ? undefined : matrix('output', [take('output.weight', width, vocabulary)]),
    hasRopeFactors: has('rope_freqs.weight') && take('rope_freqs.weight', config.rotary / 2) !== undefined,
  };
  const unknown = header.tensors.find(({ name }) => !used.has(name));
  if (unknown)
    throw new EngineError(
      'model-unsupported',
      `tensor ${unknown.name} is not part of a known ${config.architecture} model`,
      { name: unknown.name },
    );
  return plan;
}

type Take = (name: string, ...dims: number[]) => GgufTensor;

function planLayer(
  config: ModelConfig,
  layer: number,
  take: Take,
  has: (name: string) => boolean,
  maxChunkBytes: number,
): PlannedLayer {
  const { width, ffnWidth, heads, kvHeads, headSize } = config;
  const prefix = `blk.${layer}.`;
  const sizes = { attn_q: heads * headSize, attn_k: kvHeads * headSize, attn_v: kvHeads * headSize };
  const biases = Object.entries(sizes).map(([part, rows]) => ({ name: `${prefix}${part}.bias`, rows }));
  const gains = config.hasHeadNorm
    ? ['attn_q_norm', 'attn_k_norm'].map((part) => take(`${prefix}${part}.weight`, headSize))
    : [];
  const projections = Object.entries(sizes).map(([part, rows]) => take(`${prefix}${part}.weight`, width, rows));
  let at = 0;
  const parts: { tensor: string; at: number }[] = [];
  for (const { name, rows } of biases) {
    if (has(name)) parts.push({ tensor: take(name, rows).name, at });
    at += rows;
  }
  for (const gain of gains) {
    parts.push({ tensor: gain.name, at });
    at += headSize;
  }
  return {
    attentionNorm: planVector(`${prefix}attn_norm`, [take(`${prefix}attn_norm.weight`, width)]),
    qkv: groupByType(projections).map(({ first, tensors }) => planRows(`${prefix}qkv`, tensors, first, maxChunkBytes)),
    vectors: { label: `${prefix}vectors`, length: at, parts },
    output: planRows(
      `${prefix}attn_output`,
      [take(`${prefix}attn_output.weight`, heads * headSize, width)],
      0,
      maxChunkBytes,
    ),
    ffnNorm: planVector(`${prefix}ffn_norm`, [take(`${prefix}ffn_norm.weight`, width)]),
    gateUp: planPairs(
      `${prefix}gate_up`,
      take(`${prefix}ffn_gate.weight`, width, ffnWidth),
      take(`${prefix}ffn_up.weight`, width, ffnWidth),
      maxChunkBytes,
    ),
    down: planRows(`${prefix}ffn_down`, [take(`${prefix}ffn_down.weight`, ffnWidth, width)], 0, maxChunkBytes),
  };
}

/** Neighbours of one type together, with the first output row of each group. */
function groupByType(tensors: readonly GgufTensor[]): { first: number; tensors: GgufTensor[] }[] {
  const groups: { first: number; tensors: GgufTensor[] }[] = [];
  let row = 0;
  for (const tensor of tensors) {
    const last = groups.at(-1);
    if (last?.tensors[0]?.type === tensor.type) last.tensors.push(tensor);
    else groups.push({ first: row, tensors: [tensor] });
    row += tensor.dims[1] ?? 0;
  }
  return groups;
}

function planVector(label: string, tensors: readonly GgufTensor[]): PlannedVector {
  let length = 0;
  const parts = tensors.map((tensor) => {
    const at = length;
    length += tensor.dims[0] ?? 0;
    return { tensor: tensor.name, at };
  });
  return { label, length, parts };
}

/** Rows that a chunk may have, a multiple of `step`. */
function rowsPerChunk(type: TensorType, k: number, maxChunkBytes: number, step: number): number {
  const { codesBytes, scalesBytes } = packedRow(type, k);
  return Math.max(step, Math.floor(maxChunkBytes / (codesBytes + scalesBytes) / step) * step);
}

function planRows(
  label: string,
  tensors: readonly GgufTensor[],
  firstRow: number,
  maxChunkBytes: number,
): PlannedMatrix {
  const { type = 'F32', dims: [k = 0] = [] } = tensors[0] ?? {};
  const total = tensors.reduce((sum, { dims }) => sum + (dims[1] ?? 0), 0);
  const size = rowsPerChunk(type, k, maxChunkBytes, 4);
  const chunks: PlannedChunk[] = [];
  for (let first = 0; first < total; first += size) {
    const rows = Math.min(size, total - first);
    chunks.push({ rows, outputs: rows, firstOutput: first, parts: partsOf(tensors, first, rows) });
  }
  return { label, type, k, firstRow, chunks };
}

/** The parts of rows first .. first + rows of the tensors laid one after the other. */
function partsOf(tensors: readonly GgufTensor[], first: number, rows: number): PlannedRows[] {
  const parts: PlannedRows[] = [];
  let start = 0;
  for (const { name, dims } of tensors) {
    const end = start + (dims[1] ?? 0);
    const from = Math.max(start, first);
    const to = Math.min(end, first + rows);
    if (from < to) parts.push({ tensor: name, tensorRow: from - start, rows: to - from, chunkRow: from - first });
    start = end;
  }
  return parts;
}

function planPairs(label: string, gate: GgufTensor, up: GgufTensor, maxChunkBytes: number): PlannedMatrix {
  const {
    type,
    dims: [k = 0, total = 0],
  } = gate;
  if (up.type !== type)
    throw new EngineError('model-unsupported', `${up.name} is ${up.type} beside a gate of ${type}; one type expected`, {
      name: up.name,
    });
  // Whole vectors of 4, as training reads the gradients of a chunk's outputs so.
  const size = rowsPerChunk(type, k, maxChunkBytes / 2, 4);
  const chunks: PlannedChunk[] = [];
  for (let first = 0; first < total; first += size) {
    const outputs = Math.min(size, total - first);
    const part = (tensor: GgufTensor, chunkRow: number) => ({
      tensor: tensor.name,
      tensorRow: first,
      rows: outputs,
      chunkRow,
    });
    chunks.push({ rows: 2 * outputs, outputs, firstOutput: first, parts: [part(gate, 0), part(up, outputs)] });
  }
  return { label, type, k, firstRow: 0, chunks };
}
