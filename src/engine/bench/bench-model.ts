import { createRandom } from '../../base/random.ts';
import type { GpuDevice, GpuMemory, PipelineCache } from '../../gpu/index.ts';
import type { GgufTensor } from '../../weights/index.ts';
import type { ModelConfig } from '../model/config.ts';
import { prepareForward, type ForwardPass } from '../model/forward.ts';
import type { Reduction } from '../model/reduction.ts';
import { allocateRunState, PAGE_TOKENS, type RunState } from '../model/run-state.ts';
import { fillRows } from '../model/step-rows.ts';
import { planTensors } from '../model/tensor-plan.ts';
import { allocateWeights, type MatrixView, type WeightsView } from '../model/weights-view.ts';

const BLOCK_WORDS = 256 * 1024;
/** Positions that are held of each sequence while a step is timed. */
export const BENCH_POSITION = 127;

/** A model of random weights, ready to step. */
export interface BenchModel {
  readonly weights: WeightsView;
  readonly state: RunState;
  /** Bytes of weights that a step reads: all but the embedding's rows, or all where that is the head too. */
  readonly weightBytes: number;
  /** Bytes of the cache that one sequence's step reads. */
  readonly cacheBytes: number;
  /** Compiles its steps. @throws {GpuError} */
  prepare(reduction: Reduction): Promise<ForwardPass>;
  /** Writes a decode step of `batch` sequences. */
  writeStep(batch: number): void;
}

/** Allocates and fills the model; everything belongs to `memory`. @throws {GpuError} */
export async function makeBenchModel(
  { device }: GpuDevice,
  cache: PipelineCache,
  memory: GpuMemory,
  config: ModelConfig,
  tensors: readonly GgufTensor[],
  slots: number,
): Promise<BenchModel> {
  const { queue } = device;
  const plan = planTensors({ tensors }, config);
  const { view } = await allocateWeights(plan, config.rotary / 2, queue, memory);
  const weightBytes = memory.allocatedBytes;
  fillWeights(queue, view);
  const pagesPerSlot = Math.ceil((BENCH_POSITION + 1) / PAGE_TOKENS);
  const limits = {
    slots,
    contextTokens: pagesPerSlot * PAGE_TOKENS,
    pages: slots * pagesPerSlot,
    kvType: 'f32' as const,
    maxRows: slots,
    maxLogitRows: slots,
  };
  const state = await allocateRunState(config, limits, undefined, queue, memory);
  fillState(queue, state);
  const words = new Uint32Array(4 * Math.ceil(slots / 4) * 4);
  return {
    weights: view,
    state,
    prepare: (reduction) => prepareForward({ config, weights: view, state, cache, memory, queue, reduction }),
    weightBytes,
    cacheBytes: 2 * config.layers * config.kvHeads * config.headSize * 4 * (BENCH_POSITION + 1),
    writeStep(batch) {
      const rows = Array.from({ length: batch }, (_, slot) => ({
        token: slot % config.vocabulary,
        slot,
        position: BENCH_POSITION,
        wantsLogits: true,
        readsLogits: false,
      }));
      queue.writeBuffer(state.rows, 0, words, 0, fillRows(words, rows) * 4);
    },
  };
}

/** Codes are anything; every half is a small number, so that scales are no infinities. */
function fillWeights(queue: GPUQueue, view: WeightsView): void {
  const random = createRandom(1);
  const block = Uint32Array.from({ length: BLOCK_WORDS }, () => (random.below(2 ** 32) & 0x83ff_83ff) | 0x1400_1400);
  const fill = (buffer: GPUBuffer) => {
    for (let at = 0; at < buffer.size; at += block.byteLength) {
      queue.writeBuffer(buffer, at, block, 0, Math.min(block.length, (buffer.size - at) / 4));
    }
  };
  const ones = (buffer: GPUBuffer) => queue.writeBuffer(buffer, 0, new Float32Array(buffer.size / 4).fill(1));
  const matrices = new Set<MatrixView>([view.embedding, view.head]);
  ones(view.outputNorm);
  for (const layer of view.layers) {
    for (const matrix of [...layer.qkv, layer.output, layer.gateUp, layer.down]) matrices.add(matrix);
    ones(layer.attentionNorm);
    ones(layer.ffnNorm);
  }
  for (const { chunks } of matrices) for (const { buffer } of chunks) fill(buffer);
}

function fillState(queue: GPUQueue, state: RunState): void {
  const { limits } = state;
  queue.writeBuffer(
    state.pageTable,
    0,
    Uint32Array.from({ length: limits.pages }, (_, i) => i),
  );
  // Draws stay zero: greedy. So does the cache: its values do not change the time.
}
