import { BUFFER_USAGE, type GpuMemory } from '../../gpu/index.ts';
import type { ModelConfig } from './config.ts';
import { kvHeadBytes, type KvType } from './kv-type.ts';
import { ropeAngles } from './rope-angles.ts';

/** Tokens of a page of the KV cache; the shaders say 16 too. */
export const PAGE_TOKENS = 16;
/** Words of `Draw` in pick.wgsl. */
export const DRAW_WORDS = 8;
/** Stands for the last token that was picked for the row's slot, which may not be known here yet. */
export const LATEST_TOKEN = 0xffff_ffff;

/** How much a model may run at once, fixed while it is loaded. */
export interface RunLimits {
  /** Sequences that may run at once. */
  readonly slots: number;
  /** Positions of the longest sequence, a multiple of the page. */
  readonly contextTokens: number;
  /** Pages of the KV cache, shared by all slots. */
  readonly pages: number;
  /** How the cache keeps its numbers. */
  readonly kvType: KvType;
  /** Rows (tokens) of a step, a multiple of 8. */
  readonly maxRows: number;
  /** Rows of a step whose logits may be asked for, a multiple of 8. */
  readonly maxLogitRows: number;
}

/** Every buffer of a forward pass that is not a weight: allocated once, when the model is loaded. */
export interface RunState {
  readonly limits: RunLimits;
  /** (rows) of (token, slot, position, the step's row whose logits are the entry's, with `KEEP_PICK`). */
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
  /** (slots) of `DRAW_WORDS`: how a slot's next tokens are drawn. */
  readonly draws: GPUBuffer;
  /** (slots, ⌈vocabulary / 32⌉): bits of the ids that a slot may draw, where its draw says so. */
  readonly masks: GPUBuffer;
  /** (logit rows) of (id, 1 if certain, bits of the log-probability, 0) */
  readonly picks: GPUBuffer;
  /** (slots): the last id that was picked, for rows with the token `LATEST_TOKEN`. */
  readonly latest: GPUBuffer;
  readonly keys: readonly GPUBuffer[];
  readonly values: readonly GPUBuffer[];
}

const { STORAGE, COPY_DST, COPY_SRC } = BUFFER_USAGE;

/** @throws {GpuError} `out-of-memory`, `limits-too-low`; what was allocated until then is freed */
export async function allocateRunState(
  config: ModelConfig,
  limits: RunLimits,
  ropeFactors: ArrayLike<number> | undefined,
  queue: GPUQueue,
  memory: GpuMemory,
): Promise<RunState> {
  const buffers: GPUBuffer[] = [];
  const create: Create = async (label, sizeBytes, usage) => {
    const buffer = await memory.create(label, sizeBytes, usage);
    buffers.push(buffer);
    return buffer;
  };
  try {
    return await allocate(config, limits, ropeFactors, queue, create);
  } catch (error) {
    buffers.forEach(memory.free);
    throw error;
  }
}

type Create = GpuMemory['create'];

async function allocate(
  config: ModelConfig,
  limits: RunLimits,
  ropeFactors: ArrayLike<number> | undefined,
  queue: GPUQueue,
  create: Create,
): Promise<RunState> {
  const { width, heads, kvHeads, headSize, ffnWidth, vocabulary } = config;
  const { maxRows, maxLogitRows } = limits;
  const floats = (label: string, count: number, usage = 0) => create(label, count * 4, STORAGE | usage);
  const cache = (label: string, layer: number) =>
    create(`${label}.${layer}`, limits.pages * PAGE_TOKENS * kvHeads * kvHeadBytes(limits.kvType, headSize), STORAGE);
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
    finalNormed: await floats('final_normed', maxLogitRows * width, COPY_SRC),
    logits: await floats('logits', maxLogitRows * vocabulary, COPY_SRC),
    draws: await floats('draws', limits.slots * DRAW_WORDS, COPY_DST),
    masks: await floats('masks', limits.slots * Math.ceil(vocabulary / 32), COPY_DST),
    picks: await floats('picks', maxLogitRows * 4, COPY_SRC),
    latest: await floats('latest', limits.slots),
    keys,
    values,
  };
}
