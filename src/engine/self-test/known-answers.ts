import type { Bytes } from '../../base/bytes.ts';
import type { GgufHeader, GgufTensor } from '../../weights/index.ts';
import type { ModelConfig } from '../model/config.ts';
import type { KvType } from '../model/kv-type.ts';
import { forwardReference } from '../model/forward.reference.ts';
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

/** Models of this many kinds are remembered: a few megabytes at most. */
const MAX_KNOWN = 4;
const known = new Map<string, KnownAnswers>();

/**
 * The f64 reference's answers for a tiny model of a model's kind. They follow from its shape alone, so they are computed
 * once for each and kept, the latest few: a model that is loaded again, after a lost device too, waits for the GPU only.
 *
 * @param lengths tokens of each sequence
 * @param kvType how the cache rounds, as the reference then does
 */
export function knownAnswers(
  header: Pick<GgufHeader, 'tensors'>,
  real: ModelConfig,
  lengths: readonly number[],
  kvType: KvType = 'f32',
): KnownAnswers {
  const shape = tinyShapeOf(header, real);
  const signature = JSON.stringify([shape, lengths, kvType]);
  const found = known.get(signature) ?? compute(shape, lengths, kvType);
  known.delete(signature);
  known.set(signature, found);
  const [oldest] = known.keys();
  if (known.size > MAX_KNOWN && oldest !== undefined) known.delete(oldest);
  return found;
}

function compute(shape: ReturnType<typeof tinyShapeOf>, lengths: readonly number[], kvType: KvType): KnownAnswers {
  const { bytes, tables } = drawTinyWeights(shape);
  // Any tokens will do.
  const tokens = lengths.map((length, slot) =>
    Array.from({ length }, (_, i) => (31 * i + 17 * slot + 5) % shape.config.vocabulary),
  );
  const answers = tokens.map((sequence) => forwardReference(shape.config, tables, sequence, undefined, kvType));
  return { ...shape, bytes, tokens, answers };
}
