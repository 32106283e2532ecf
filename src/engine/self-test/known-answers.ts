import type { Bytes } from '../../base/bytes.ts';
import type { GgufHeader, GgufTensor } from '../../weights/index.ts';
import { isInt8Type } from '../kernels/int8-products.ts';
import type { ModelConfig } from '../model/config.ts';
import { forwardReference, type Roundings } from '../model/forward.reference.ts';
import { drawTinyWeights, tinyShapeOf } from './tiny-model.ts';

/** A tiny model as a file holds it, and what it must answer. */
export interface KnownAnswers {
  readonly config: ModelConfig;
  readonly tensors: readonly GgufTensor[];
  readonly bytes: ReadonlyMap<string, Bytes>;
  /** The tokens of each sequence. */
  readonly tokens: readonly (readonly number[])[];
  /** Natural log-probabilities after each token of each sequence: (sequences, tokens, vocabulary). */
  readonly answers: readonly (readonly Float64Array[])[];
}

/** Roundings of a device, by what it was asked for. */
interface SelfRoundings {
  readonly kvType?: Roundings['kvType'];
  /** Whether inputs of the types that have int8 products are rounded. */
  readonly hasInt8Products?: boolean;
}

/** Models of this many kinds are remembered: a few megabytes at most. */
const MAX_KNOWN = 4;
const known = new Map<string, KnownAnswers>();

/**
 * The f64 reference's answers for a tiny model of a model's kind. They follow from its shape alone, so they are computed
 * once for each and kept, the latest few: a model that is loaded again, after a lost device too, waits for the GPU only.
 *
 * @param lengths tokens of each sequence
 * @param roundings what the device rounds, as the reference then does
 */
export function knownAnswers(
  header: Pick<GgufHeader, 'tensors'>,
  real: ModelConfig,
  lengths: readonly number[],
  roundings: SelfRoundings = {},
): KnownAnswers {
  const shape = tinyShapeOf(header, real);
  const signature = JSON.stringify([shape, lengths, roundings]);
  const found = known.get(signature) ?? compute(shape, lengths, roundings);
  known.delete(signature);
  known.set(signature, found);
  const [oldest] = known.keys();
  if (known.size > MAX_KNOWN && oldest !== undefined) known.delete(oldest);
  return found;
}

function compute(
  shape: ReturnType<typeof tinyShapeOf>,
  lengths: readonly number[],
  { kvType, hasInt8Products = false }: SelfRoundings,
): KnownAnswers {
  const { bytes, tables } = drawTinyWeights(shape);
  // Any tokens will do.
  const tokens = lengths.map((length, slot) =>
    Array.from({ length }, (_, i) => (31 * i + 17 * slot + 5) % shape.config.vocabulary),
  );
  const rounded = shape.tensors.filter(({ type }) => hasInt8Products && isInt8Type(type)).map(({ name }) => name);
  const all: Roundings = { ...(kvType ? { kvType } : {}), int8Products: new Set(rounded) };
  const answers = tokens.map((sequence) => forwardReference(shape.config, tables, sequence, undefined, all));
  return { ...shape, bytes, tokens, answers };
}
