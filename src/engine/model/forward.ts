import type { AdapterBuffers } from '../adapters/adapter-buffers.ts';
import { AdapterOps } from '../adapters/adapter-ops.ts';
import { OpBuilder, type Op, type OpParts, type Tiling } from './op-builder.ts';
import { productOps } from './product-ops.ts';
import type { MatrixView } from './weights-view.ts';

/** Rows (columns of the matrix products) of a step, and how many of them want logits. */
export interface StepShape {
  readonly rows: number;
  readonly logitRows: number;
  /** Bits of the groups that adapters of its rows change; 0 by default. */
  readonly adapterGroups?: number;
}

/** The commands of a step, prepared once: pipelines, bind groups and sizes. */
export interface ForwardPass {
  /** Dispatches of a step with `rows` rows and logits, for the books. */
  readonly dispatches: number;
  /** Records a whole step. `rows` and `page_table` must have been written before it is submitted. */
  encode(pass: GPUComputePassEncoder, shape: StepShape): void;
  /** The same with a pass for each dispatch, so that each can be timed. */
  encodeApart(
    encoder: GPUCommandEncoder,
    shape: StepShape,
    timestamps: (dispatch: number) => GPUComputePassTimestampWrites,
  ): void;
}

/** Lists of commands that are kept: a list of 300 takes about 20 kB. */
const MAX_LISTS = 32;
/** More rows than a step has, and more sets of groups. */
const MAX_SHAPE_ROWS = 4096;
const ADAPTER_GROUPS = 16;

/**
 * Compiles and binds everything that the model's steps need.
 *
 * @param adapters for steps in which a row has an adapter
 * @throws {GpuError}
 */
export async function prepareForward(parts: OpParts, adapters?: AdapterBuffers): Promise<ForwardPass> {
  const builder = new OpBuilder(parts);
  const changes = adapters && new AdapterOps(builder, parts, adapters);
  const { config, weights, state } = parts;
  const { heads, kvHeads, headSize } = config;
  const qkvWidth = (heads + 2 * kvHeads) * headSize;
  const product = (
    matrix: MatrixView,
    epilogue: string,
    x: GPUBuffer,
    y: GPUBuffer,
    yStride: number,
    over: Op['over'] = 'rows',
  ) => productOps(builder, parts, { matrix, epilogue, x, y, yStride, over });
  const ops: Op[] = [...(await builder.embed())];
  for (const [layer, view] of weights.layers.entries()) {
    const cache = { keys: state.keys[layer] ?? state.q, values: state.values[layer] ?? state.q };
    ops.push(await builder.norm('same', state.residual, view.attentionNorm, state.normed));
    for (const matrix of view.qkv) ops.push(...(await product(matrix, 'store', state.normed, state.qkv, qkvWidth)));
    ops.push(...((await changes?.qkv(layer)) ?? []));
    ops.push(await builder.ropeCache(view.vectors, cache), await builder.attention(cache));
    ops.push(...(await product(view.output, 'add', state.attended, state.residual, config.width)));
    ops.push(...((await changes?.output(layer)) ?? []));
    ops.push(await builder.norm('same', state.residual, view.ffnNorm, state.normed));
    const gateUp = await product(view.gateUp, 'swiglu', state.normed, state.gated, config.ffnWidth);
    ops.push(...((await changes?.gateUp(layer, gateUp, view)) ?? gateUp));
    ops.push(...(await product(view.down, 'add', state.gated, state.residual, config.width)));
    ops.push(...((await changes?.down(layer)) ?? []));
  }
  ops.push(await builder.norm('listed', state.residual, weights.outputNorm, state.finalNormed));
  ops.push(...(await product(weights.head, 'store', state.finalNormed, state.logits, config.vocabulary, 'logitRows')));
  ops.push(await builder.pick());
  const listOf = createListCache(ops);
  const encode = (pass: GPUComputePassEncoder, shape: StepShape) => {
    let bound: GPUComputePipeline | undefined;
    for (const { pipeline, group, x, y } of listOf(shape)) {
      if (pipeline !== bound) pass.setPipeline(pipeline);
      bound = pipeline;
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(x, y);
    }
  };
  const encodeApart: ForwardPass['encodeApart'] = (encoder, shape, timestamps) => {
    for (const [i, op] of ops.entries()) {
      const pass = encoder.beginComputePass({ timestampWrites: timestamps(i) });
      for (const { pipeline, group, x, y } of commandsOf([op], shape)) {
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, group);
        pass.dispatchWorkgroups(x, y);
      }
      pass.end();
    }
  };
  return { dispatches: ops.length, encode, encodeApart };
}

/** A dispatch of a step of one shape. */
interface Command {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly x: number;
  readonly y: number;
}

function commandsOf(ops: readonly Op[], shape: StepShape): Command[] {
  const inner = tilingOf(shape.rows);
  return ops.flatMap((op) => {
    const rows = isPartOf(op, shape) ? shape[op.over] : 0;
    if (rows === 0) return [];
    const tiling = tilingOf(rows);
    const [x, y] = op.size(rows, tiling);
    return [{ pipeline: op.pipeline(tiling, inner), group: op.group, x, y }];
  });
}

/** Steps come in few shapes, the same for many tokens: their lists are made once, so that a step only records them. */
function createListCache(ops: readonly Op[]): (shape: StepShape) => readonly Command[] {
  const lists = new Map<number, readonly Command[]>();
  return (shape) => {
    const key = (shape.rows * MAX_SHAPE_ROWS + shape.logitRows) * ADAPTER_GROUPS + (shape.adapterGroups ?? 0);
    const list = lists.get(key) ?? commandsOf(ops, shape);
    // To the end: whose turn was longest ago goes first.
    lists.delete(key);
    lists.set(key, list);
    const [oldest] = lists.keys();
    if (lists.size > MAX_LISTS && oldest !== undefined) lists.delete(oldest);
    return list;
  };
}

function isPartOf({ needs, unless }: Op, { adapterGroups = 0 }: StepShape): boolean {
  return (needs === undefined || (adapterGroups & needs) !== 0) && ((unless ?? 0) & adapterGroups) === 0;
}

function tilingOf(rows: number): Tiling {
  if (rows === 1) return 1;
  return rows <= 4 ? 4 : 8;
}
