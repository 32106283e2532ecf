import { LORA_TARGETS, linearShapes, loraScale, type LinearShape, type LoraOptions } from './lora.ts';
import type { ModelConfig } from '../../engine/index.ts';
import type { FrozenMatrix, FrozenView } from './quantise-base.ts';
import { paddedRank } from './adapter-layout.ts';
import type { AdaptedLinear, LowRankChange } from './adapted-linear.ts';
import { plainLinear, type Linear, type WeightPart } from './linear.ts';
import type { ParameterLayout } from './parameter-layout.ts';
import type { Layer, TrainedModel } from './trained-model.ts';

/** A frozen base in the engine's buffers with a trained adapter, which `layout` divides. */
export function viewAdaptedModel(
  config: ModelConfig,
  base: FrozenView,
  lora: LoraOptions,
  layout: ParameterLayout,
  parameters: GPUBuffer,
  gradients: GPUBuffer,
): TrainedModel {
  const frozen = (weights: GPUBuffer) => ({ weights, gradient: undefined });
  const shapes = linearShapes(config);
  const changeOf = (layer: number, shape: LinearShape): LowRankChange | undefined => {
    const rank = paddedRank(lora.rank);
    const changed = shape.tensors.filter(({ target }) => (lora.targets ?? LORA_TARGETS).includes(target));
    const [first] = changed;
    if (!first) return undefined;
    const of = (name: string, rows: number, columns: number) =>
      plainLinear(
        layout.part(parameters, name, rows * columns),
        layout.part(gradients, name, rows * columns),
        rows,
        columns,
      );
    return {
      // Those of all targets lie one behind the other.
      a: of(`blk.${layer}.${first.target}.weight.lora_a`, rank * changed.length, shape.inputs),
      pairs: changed.map(({ target, output, outputs }, i) => ({
        column: i * rank,
        output,
        b: of(`blk.${layer}.${target}.weight.lora_b`, outputs, rank),
      })),
      scale: loraScale(lora),
    };
  };
  const adapted = (layer: number, shape: LinearShape, matrices: readonly FrozenMatrix[]): AdaptedLinear => {
    const outputs = new Map(shape.tensors.map(({ target, output }) => [`blk.${layer}.${target}.weight`, output]));
    return {
      ...frozenLinear(shape.inputs, matrices, (tensor) => outputs.get(tensor) ?? 0),
      change: changeOf(layer, shape),
    };
  };
  const { heads, kvHeads, headSize } = config;
  const layers = base.layers.map((layer, i): Layer => ({
    attentionNorm: frozen(layer.attentionNorm),
    qkv: adapted(i, shapes.qkv, layer.qkv),
    bias: layer.vectors,
    headGains: config.hasHeadNorm ? { weights: layer.vectors, at: (heads + 2 * kvHeads) * headSize } : undefined,
    output: adapted(i, shapes.output, [layer.output]),
    ffnNorm: frozen(layer.ffnNorm),
    gateUp: adapted(i, shapes.gateUp, [layer.gateUp]),
    down: adapted(i, shapes.down, [layer.down]),
  }));
  const table = (matrix: FrozenMatrix) => frozenLinear(config.width, [matrix], () => 0);
  return {
    layers,
    head: { norm: frozen(base.outputNorm), logits: table(base.head) },
    embedding: table(base.embedding),
  };
}

/** The engine's chunks as parts of a layer; `outputOf` gives the first output of a tensor. */
function frozenLinear(inputs: number, matrices: readonly FrozenMatrix[], outputOf: (tensor: string) => number): Linear {
  const parts: WeightPart[] = [];
  for (const { type, chunks } of matrices) {
    for (const { buffer, scalesWord, parts: rowsOf } of chunks) {
      for (const { tensor, tensorRow, rows, chunkRow } of rowsOf) {
        const output = outputOf(tensor) + tensorRow;
        const last = parts.at(-1);
        const isNext =
          last?.weights === buffer && last.bufferRow + last.rows === chunkRow && last.output + last.rows === output;
        if (isNext) parts[parts.length - 1] = { ...last, rows: last.rows + rows };
        else parts.push({ weights: buffer, type, scalesWord, bufferRow: chunkRow, rows, output });
      }
    }
  }
  const outputs = parts.reduce((sum, { rows }) => sum + rows, 0);
  return { inputs, outputs, parts, gradient: undefined };
}
