import type { AdapterWeights, LowRankPair, ModelConfig } from '../../engine/index.ts';
import { createRandom } from '../../base/random.ts';
import { TrainingError } from '../errors.ts';
import { MOMENT_BLOCK } from '../kernels/optimizer.ts';
import { linearShapes, LORA_TARGETS, loraScale, type LoraOptions } from './lora.ts';
import { layOut, type ParameterLayout, type Shape } from './parameter-layout.ts';

/** Kernels read vectors of 4, so ranks are filled up with zeros, whose gradients are zeros too. */
export function paddedRank(rank: number): number {
  return Math.ceil(rank / 4) * 4;
}

/** The tensors of an adapter, those of a linear layer's A side by side. @throws {TrainingError} `model-too-large` */
export function layOutAdapter(config: ModelConfig, lora: LoraOptions): ParameterLayout {
  const rank = paddedRank(lora.rank);
  const shapes = Object.values(linearShapes(config));
  const groups = Array.from({ length: config.layers }, (_, layer) =>
    shapes.flatMap(({ inputs, tensors }): Shape[][] => {
      const pairs = tensors.filter(({ target }) => (lora.targets ?? LORA_TARGETS).includes(target));
      const name = (target: string) => `blk.${layer}.${target}.weight`;
      const a = pairs.map(({ target }): Shape => [`${name(target)}.lora_a`, rank, inputs]);
      return [a, ...pairs.map(({ target, outputs }): Shape[] => [[`${name(target)}.lora_b`, outputs, rank]])];
    }),
  ).flat();
  return layOut(groups, [], MOMENT_BLOCK);
}

/** An adapter that changes nothing yet: A uniform in ±1 / √inputs as PEFT draws it, B zeros. */
export function initialAdapter(config: ModelConfig, lora: LoraOptions, seed: number): AdapterWeights {
  const random = createRandom(seed);
  const { rank } = lora;
  const scale = loraScale(lora);
  const adapter = new Map<string, LowRankPair>();
  for (let layer = 0; layer < config.layers; layer++) {
    for (const { inputs, tensors } of Object.values(linearShapes(config))) {
      for (const { target, outputs } of tensors) {
        if (!(lora.targets ?? LORA_TARGETS).includes(target)) continue;
        const bound = 1 / Math.sqrt(inputs);
        const a = Float32Array.from({ length: rank * inputs }, () => (2 * random.uniform() - 1) * bound);
        adapter.set(`blk.${layer}.${target}.weight`, { rank, scale, a, b: new Float32Array(outputs * rank) });
      }
    }
  }
  return adapter;
}

/**
 * The flat array of an adapter's numbers.
 *
 * @throws {TrainingError} `adapter-invalid` for tensors or shapes other than the layout's, or numbers that are not finite
 */
export function packAdapter(
  layout: ParameterLayout,
  lora: LoraOptions,
  adapter: AdapterWeights,
): Map<string, Float32Array> {
  const { rank } = lora;
  const refuse = (name: string, what: string, value: number, limit: number): never => {
    const message = `${name} has ${what} ${value}, ${limit} expected; take an adapter made for this base and form`;
    throw new TrainingError('adapter-invalid', message, { name, value, limit });
  };
  const packed = new Map<string, Float32Array>();
  for (const { name, rows, columns } of layout.tensors) {
    const side = name.endsWith('.lora_a') ? 'a' : 'b';
    const tensor = name.slice(0, -'.lora_a'.length);
    const pair = adapter.get(tensor);
    if (pair?.rank !== rank) return refuse(tensor, 'rank', pair?.rank ?? 0, rank);
    if (Math.abs(pair.scale / loraScale(lora) - 1) > 1e-6) refuse(tensor, 'scale', pair.scale, loraScale(lora));
    const values = pair[side];
    const length = side === 'a' ? rank * columns : rows * rank;
    if (values.length !== length) refuse(name, 'numbers', values.length, length);
    const bad = values.findIndex((value) => !Number.isFinite(value));
    if (bad >= 0) refuse(name, 'a number that is not finite:', values[bad] ?? Number.NaN, 0);
    packed.set(name, side === 'a' ? extend(values, rows * columns) : widen(values, rank, rows, columns));
  }
  if (2 * adapter.size !== layout.tensors.length)
    refuse('adapter', 'changed matrices', adapter.size, layout.tensors.length / 2);
  return packed;
}

/** The way back from tensors by name, as `layOutAdapter` names and pads them. */
export function unpackAdapter(
  layout: ParameterLayout,
  lora: LoraOptions,
  tensors: ReadonlyMap<string, Float32Array>,
): AdapterWeights {
  const { rank } = lora;
  const adapter = new Map<string, LowRankPair>();
  for (const { name, rows, columns } of layout.tensors) {
    if (!name.endsWith('.lora_b')) continue;
    const tensor = name.slice(0, -'.lora_b'.length);
    const a = tensors.get(`${tensor}.lora_a`) ?? new Float32Array();
    const inputs = a.length / paddedRank(rank);
    const wide = tensors.get(name) ?? new Float32Array();
    const b = new Float32Array(rows * rank);
    for (let row = 0; row < rows; row++) b.set(wide.subarray(row * columns, row * columns + rank), row * rank);
    adapter.set(tensor, { rank, scale: loraScale(lora), a: a.slice(0, rank * inputs), b });
  }
  return adapter;
}

function extend(values: Float32Array, length: number): Float32Array {
  const out = new Float32Array(length);
  out.set(values);
  return out;
}

function widen(values: Float32Array, from: number, rows: number, to: number): Float32Array {
  const out = new Float32Array(rows * to);
  for (let row = 0; row < rows; row++) out.set(values.subarray(row * from, (row + 1) * from), row * to);
  return out;
}
