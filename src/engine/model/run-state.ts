import { BUFFER_USAGE, type GpuMemory } from '../../gpu/index.ts';
import type { ModelConfig } from './config.ts';
import { ropeAngles } from './rope-angles.ts';

/** Tokens of a page of the KV cache; the shaders say 16 too. */
export const PAGE_TOKENS = 16;

/** How much a model may run at once, fixed while it is loaded. */
export interface RunLimits {
  /** Sequences that may run at once. */
  readonly slots: number;
  /** Positions of the longest sequence, a multiple of the page. */
  readonly contextTokens: number;
  /** Pages of the KV cache, shared by all slots. */
  readonly pages: number;
  /** Rows (tokens) of a step, a multiple of 8. */
  readonly maxRows: number;
  /** Rows of a step whose logits may be asked for, a multiple of 8. */
  readonly maxLogitRows: number;
}

/** Every buffer of a forward pass that is not a weight: allocated once, when the model is loaded. */
export interface RunState {
  readonly limits: RunLimits;
  /** (rows) of (token, slot, position, the step's row whose logits are the entry's). */
  readonly rows: GPUBuffer;
  /** (slots, pages of a slot) */
  readonly pageTable: GPUBuffer;
  readonly angles: GPUBuffer;
  readonly residual: GPUBuffer;
  readonly normed: GPUBuffer;
  readonly qkv: GPUBuffer;
  readonly q: GPUBuffer;
  readonly attended: GPUBuffer;
  readonly gated: GPUBuffer;
  readonly finalNormed: GPUBuffer;
  readonly logits: GPUBuffer;
  readonly best: GPUBuffer;
  readonly bestStaging: GPUBuffer;
  readonly keys: readonly GPUBuffer[];
  readonly values: readonly GPUBuffer[];
}

const { STORAGE, COPY_DST, COPY_SRC, MAP_READ } = BUFFER_USAGE;

/** @throws {GpuError} `out-of-memory`, `limits-too-low`; what was allocated until then is freed with `memory` */
export async function allocateRunState(
  config: ModelConfig,
  limits: RunLimits,
  ropeFactors: ArrayLike<number> | undefined,
  queue: GPUQueue,
  memory: GpuMemory,
): Promise<RunState> {
  const { width, heads, kvHeads, headSize, ffnWidth, vocabulary } = config;
  const { maxRows, maxLogitRows } = limits;
  const floats = (label: string, count: number, usage = 0) => memory.create(label, count * 4, STORAGE | usage);
  const cache = (label: string, layer: number) =>
    floats(`${label}.${layer}`, limits.pages * PAGE_TOKENS * kvHeads * headSize);
  const table = ropeAngles(config, limits.contextTokens, ropeFactors);
  const angles = await floats('angles', table.length, COPY_DST);
  queue.writeBuffer(angles, 0, table);
  const keys: GPUBuffer[] = [];
  const values: GPUBuffer[] = [];
  for (let layer = 0; layer < config.layers; layer++) {
    keys.push(await cache('keys', layer));
    values.push(await cache('values', layer));
  }
  return {
    limits,
    rows: await floats('rows', maxRows * 4, COPY_DST),
    pageTable: await floats('page_table', limits.slots * (limits.contextTokens / PAGE_TOKENS), COPY_DST),
    angles,
    residual: await floats('residual', maxRows * width),
    normed: await floats('normed', maxRows * width),
    qkv: await floats('qkv', maxRows * (heads + 2 * kvHeads) * headSize),
    q: await floats('q', maxRows * heads * headSize),
    attended: await floats('attended', maxRows * heads * headSize),
    gated: await floats('gated', maxRows * ffnWidth),
    finalNormed: await floats('final_normed', maxLogitRows * width),
    logits: await floats('logits', maxLogitRows * vocabulary, COPY_SRC),
    best: await floats('best', maxLogitRows * 2, COPY_SRC),
    bestStaging: await memory.create('best_staging', maxLogitRows * 8, MAP_READ | COPY_DST),
    keys,
    values,
  };
}
