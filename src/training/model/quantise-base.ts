import { present } from '../../base/invariant.ts';
import type { ChunkView, LoadedWeights, MatrixView, WeightsView } from '../../engine/index.ts';
import {
  BUFFER_USAGE,
  createPipelineCache,
  type GpuDevice,
  type GpuMemory,
  type PipelineCache,
} from '../../gpu/index.ts';
import { quantiseNf4Kernel, type WeightFormat } from '../kernels/nf4.ts';
import { doubleQuantise, nf4Header, nf4Places } from '../nf4/nf4.ts';
import { createOpList, gridOf } from './op-list.ts';
import { readBuffers } from './read-buffer.ts';
import { createOpRunner } from './run-ops.ts';

/** A matrix of a frozen base, in whatever format. */
export type FrozenMatrix = Omit<MatrixView, 'type'> & { readonly type: WeightFormat };

type FrozenLayer = Omit<WeightsView['layers'][number], 'qkv' | 'output' | 'gateUp' | 'down'> & {
  readonly qkv: readonly FrozenMatrix[];
  readonly output: FrozenMatrix;
  readonly gateUp: FrozenMatrix;
  readonly down: FrozenMatrix;
};

/** The weights of a frozen base; the engine's own view is one. */
export type FrozenView = Omit<WeightsView, 'layers'> & { readonly layers: readonly FrozenLayer[] };

const UNQUANTISED: ReadonlySet<WeightFormat> = new Set(['F32', 'F16', 'BF16']);

/**
 * Brings the layers' matrices of F32, F16 or BF16 to NF4 with double quantisation, 4.13 bits a number, one after the other,
 * and frees what they were; all other matrices stay. Tables of embeddings stay too, as in QLoRA.
 *
 * @param memory that owns the buffers of `base`, whose view must not be used any more
 * @throws {GpuError} `out-of-memory`: the base is then partly freed, load it again; AbortError likewise
 */
export async function quantiseBase(
  gpu: GpuDevice,
  base: Pick<LoadedWeights, 'view' | 'config'>,
  memory: GpuMemory,
  options: { readonly cache?: PipelineCache; readonly signal?: AbortSignal } = {},
): Promise<FrozenView> {
  const { device } = gpu;
  const cache = options.cache ?? createPipelineCache(device);
  const runner = createOpRunner(device);
  const { STORAGE, COPY_DST, COPY_SRC } = BUFFER_USAGE;

  const chunkOf = async (matrix: MatrixView, chunk: ChunkView): Promise<ChunkView> => {
    const numbers = chunk.rows * matrix.k;
    const places = nf4Places(numbers);
    const buffer = await memory.create(`${matrix.label} nf4`, places.end * 4, STORAGE | COPY_DST);
    const codes = await memory.create('nf4 codes', places.blocks * 32, STORAGE | COPY_SRC);
    const absmax = await memory.create('nf4 scales', places.blocks * 4, STORAGE | COPY_SRC);
    const ops = createOpList(device, cache, memory);
    ops.add({
      kernel: quantiseNf4Kernel,
      choice: { variants: { format: matrix.type } },
      params: { blocks: places.blocks, runs: numbers / 32, k4: matrix.k / 4, half_base: 0 },
      buffers: [chunk.buffer, codes, absmax],
      workgroups: gridOf(places.blocks),
      flops: 60 * numbers,
    });
    await runner.run(await ops.take(), options.signal);
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(codes, 0, buffer, places.codes * 4, places.blocks * 32);
    device.queue.submit([encoder.finish()]);
    const [scales] = await readBuffers(device, memory, [{ buffer: absmax, bytes: places.blocks * 4 }]);
    const outer = doubleQuantise(present(scales, 'scales'));
    const scaleCodes = new Uint8Array(Math.ceil(places.blocks / 4) * 4);
    scaleCodes.set(outer.codes);
    device.queue.writeBuffer(buffer, 0, nf4Header(outer.offset, places.absmax));
    device.queue.writeBuffer(buffer, places.scaleCodes * 4, scaleCodes);
    device.queue.writeBuffer(buffer, places.absmax * 4, outer.absmax);
    for (const done of [chunk.buffer, codes, absmax]) memory.free(done);
    return { ...chunk, buffer, scalesWord: places.scaleCodes };
  };
  const matrixOf = async (matrix: MatrixView): Promise<FrozenMatrix> => {
    // Runs of 32 numbers must not cross rows.
    if (!UNQUANTISED.has(matrix.type) || matrix.k % 32 !== 0) return matrix;
    const chunks: ChunkView[] = [];
    for (const chunk of matrix.chunks) chunks.push(await chunkOf(matrix, chunk));
    return { ...matrix, type: 'NF4', chunks };
  };
  const layers: FrozenLayer[] = [];
  for (const layer of base.view.layers) {
    const qkv: FrozenMatrix[] = [];
    for (const group of layer.qkv) qkv.push(await matrixOf(group));
    const [output, gateUp] = [await matrixOf(layer.output), await matrixOf(layer.gateUp)];
    layers.push({ ...layer, qkv, output, gateUp, down: await matrixOf(layer.down) });
  }
  return { ...base.view, layers };
}
