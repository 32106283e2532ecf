import { BUFFER_USAGE, type GpuMemory } from '../../gpu/index.ts';
import type { TensorType } from '../../weights/index.ts';
import type { RowSink } from './upload-weights.ts';
import { packedRow, packRows } from './packing.ts';
import { halfToNumber } from '../../base/half.ts';
import type { PlannedChunk, PlannedMatrix, PlannedVector, TensorPlan } from './tensor-plan.ts';

/** A chunk on the GPU. */
export interface ChunkView extends PlannedChunk {
  readonly buffer: GPUBuffer;
  /** Where the plane of scales begins, in words. */
  readonly scalesWord: number;
}

export interface MatrixView extends Omit<PlannedMatrix, 'chunks'> {
  readonly chunks: readonly ChunkView[];
}

export interface LayerView {
  readonly attentionNorm: GPUBuffer;
  readonly qkv: readonly MatrixView[];
  readonly vectors: GPUBuffer;
  readonly output: MatrixView;
  readonly ffnNorm: GPUBuffer;
  readonly gateUp: MatrixView;
  readonly down: MatrixView;
}

/** Every weight of a model as GPU buffers, owned by the `GpuMemory` that made them. */
export interface WeightsView {
  readonly embedding: MatrixView;
  readonly layers: readonly LayerView[];
  readonly outputNorm: GPUBuffer;
  readonly head: MatrixView;
  /** Filled while the weights are uploaded. */
  readonly ropeFactors: Float32Array | undefined;
}

const USAGE = BUFFER_USAGE.STORAGE | BUFFER_USAGE.COPY_DST;

/**
 * Allocates the buffers of a plan; the returned sinks fill them as rows arrive.
 *
 * @param ropePairs entries of `rope_freqs.weight`
 * @throws {GpuError} `out-of-memory`, `limits-too-low`; what was allocated until then is freed with `memory`
 */
export async function allocateWeights(
  plan: TensorPlan,
  ropePairs: number,
  queue: GPUQueue,
  memory: GpuMemory,
): Promise<{ view: WeightsView; sinks: ReadonlyMap<string, readonly RowSink[]> }> {
  const sinks = new Map<string, RowSink[]>();
  const addSink = (tensor: string, sink: RowSink) => sinks.set(tensor, [...(sinks.get(tensor) ?? []), sink]);
  const chunk = async (matrix: PlannedMatrix, planned: PlannedChunk): Promise<ChunkView> => {
    const { codesBytes, scalesBytes } = packedRow(matrix.type, matrix.k);
    const scalesAt = planned.rows * codesBytes;
    const buffer = await memory.create(matrix.label, scalesAt + planned.rows * scalesBytes, USAGE);
    const view = { ...planned, buffer, scalesWord: scalesAt / 4 };
    for (const part of planned.parts) addSink(part.tensor, matrixSink(queue, matrix, view, part));
    return view;
  };
  const matrix = async (planned: PlannedMatrix): Promise<MatrixView> => {
    const chunks: ChunkView[] = [];
    for (const part of planned.chunks) chunks.push(await chunk(planned, part));
    return { ...planned, chunks };
  };
  const vector = async ({ label, length, parts }: PlannedVector) => {
    const buffer = await memory.create(label, length * 4, USAGE);
    for (const { tensor, at } of parts)
      addSink(tensor, (type, _row, bytes) => queue.writeBuffer(buffer, at * 4, toFloats(type, bytes)));
    return buffer;
  };
  const embedding = await matrix(plan.embedding);
  const layers: LayerView[] = [];
  for (const layer of plan.layers) {
    const qkv: MatrixView[] = [];
    for (const group of layer.qkv) qkv.push(await matrix(group));
    layers.push({
      attentionNorm: await vector(layer.attentionNorm),
      qkv,
      vectors: await vector(layer.vectors),
      output: await matrix(layer.output),
      ffnNorm: await vector(layer.ffnNorm),
      gateUp: await matrix(layer.gateUp),
      down: await matrix(layer.down),
    });
  }
  const outputNorm = await vector(plan.outputNorm);
  const head = plan.head ? await matrix(plan.head) : embedding;
  const ropeFactors = plan.hasRopeFactors ? new Float32Array(ropePairs) : undefined;
  if (ropeFactors) addSink('rope_freqs.weight', (type, _row, bytes) => ropeFactors.set(toFloats(type, bytes)));
  return { view: { embedding, layers, outputNorm, head, ropeFactors }, sinks };
}

function matrixSink(
  queue: GPUQueue,
  matrix: PlannedMatrix,
  view: ChunkView,
  part: PlannedChunk['parts'][number],
): RowSink {
  const { codesBytes, scalesBytes } = packedRow(matrix.type, matrix.k);
  return (type, row, bytes) => {
    const rowBytes = bytes.byteLength / row.count;
    const from = Math.max(row.first, part.tensorRow);
    const to = Math.min(row.first + row.count, part.tensorRow + part.rows);
    if (from >= to) return;
    const packed = packRows(type, matrix.k, bytes.subarray((from - row.first) * rowBytes, (to - row.first) * rowBytes));
    const chunkRow = part.chunkRow + from - part.tensorRow;
    queue.writeBuffer(view.buffer, chunkRow * codesBytes, packed.codes);
    if (scalesBytes > 0) queue.writeBuffer(view.buffer, view.scalesWord * 4 + chunkRow * scalesBytes, packed.scales);
  };
}

/** Small tensors are F32, F16 or BF16; they become f32. */
function toFloats(type: TensorType, bytes: Uint8Array): Float32Array<ArrayBuffer> {
  const copy = bytes.slice().buffer;
  if (type === 'F32') return new Float32Array(copy);
  const halves = new Uint16Array(copy);
  if (type === 'F16') return Float32Array.from(halves, halfToNumber);
  return new Float32Array(Uint32Array.from(halves, (bits) => bits << 16).buffer);
}
