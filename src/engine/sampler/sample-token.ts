import type { Sampling } from '../engine-api.ts';
import { philox4x32 } from './philox.ts';

/** Which draw it is: the same record at the same position draws the same numbers, whatever runs beside it. */
export interface DrawPlace {
  /** Record id of the work, up to 2^53. */
  readonly record: number;
  /** Index in the sequence, prompt included, of the token that is drawn. */
  readonly position: number;
}

/** "STAR" in ASCII: keeps this use of the generator apart from any other with the same seed. */
const KEY_WORD = 0x53544152;

/**
 * Draws the next token from logits so that any node can replay it. Starling sampling, version 1:
 *
 * 1. Greedy: temperature 0 takes the greatest logit, the lowest id on a tie; nothing is drawn.
 * 2. Temperature: s[i] = logit[i] / temperature, in f64 from the f32 logits.
 * 3. Top-k, if 0 < topK < vocabulary: keep the topK greatest logits; among equals at the edge the lowest ids.
 * 4. Top-p, if topP < 1: p = softmax of s over what is kept, in f64, exponentials relative to the greatest s. In order
 *    of descending logit, equals by ascending id, keep up to and with the first at which the running sum of the
 *    exponentials reaches topP times their whole sum (added in that same order); at least one is kept.
 * 5. Gumbel-max: for each kept i, with Philox4x32-10, counter (⌊i / 4⌋, position, low, high u32 of record), key (seed,
 *    0x53544152): r = output word i mod 4; u = (⌊r / 2^8⌋ + 1/2) / 2^24; g = −ln(−ln u) in f64. The token is the i with
 *    the greatest s[i] + g, the lowest id on a tie.
 *
 * @param logits (vocabulary), not changed
 */
export function sampleToken(logits: Float32Array, sampling: Sampling, place: DrawPlace): number {
  if (sampling.temperature === 0) return argmax(logits);
  const kept = keepTopP(logits, keepTopK(logits, sampling.topK), sampling);
  const words = new Uint32Array(4);
  const key = [sampling.seed >>> 0, KEY_WORD] as const;
  const low = place.record >>> 0;
  const high = Math.floor(place.record / 2 ** 32) >>> 0;
  let block = -1;
  let best = -1;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (const id of kept) {
    if (id >>> 2 !== block) {
      block = id >>> 2;
      philox4x32([block, place.position >>> 0, low, high], key, words);
    }
    const uniform = (((words[id & 3] ?? 0) >>> 8) + 0.5) / 2 ** 24;
    const score = (logits[id] ?? 0) / sampling.temperature - Math.log(-Math.log(uniform));
    if (score > bestScore) {
      best = id;
      bestScore = score;
    }
  }
  return best < 0 ? argmax(logits) : best;
}

/** The greatest logit, the lowest id on a tie. */
export function argmax(logits: Float32Array): number {
  let best = 0;
  for (let id = 1; id < logits.length; id++) if ((logits[id] ?? 0) > (logits[best] ?? 0)) best = id;
  return best;
}

/** Ids of the topK greatest logits, ascending; all ids if topK keeps all. */
function keepTopK(logits: Float32Array, topK: number): Uint32Array {
  if (topK <= 0 || topK >= logits.length) return Uint32Array.from(logits, (_, id) => id);
  const ascending = logits.slice().sort();
  return idsAbove(logits, ascending[logits.length - topK] ?? 0, topK);
}

/** The ids (ascending) of the `count` greatest, of which `edge` is the least: equals of the edge by lowest id. */
function idsAbove(logits: Float32Array, edge: number, count: number): Uint32Array {
  let equals = count;
  for (const logit of logits) if (logit > edge) equals--;
  const ids = new Uint32Array(count);
  let at = 0;
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id] ?? 0;
    if (logit > edge || (logit === edge && equals-- > 0)) ids[at++] = id;
  }
  return ids;
}

function keepTopP(logits: Float32Array, ids: Uint32Array, { temperature, topP }: Sampling): Uint32Array {
  if (topP >= 1) return ids;
  const descending = Float32Array.from(ids, (id) => logits[id] ?? 0)
    .sort()
    .toReversed();
  const top = (descending[0] ?? 0) / temperature;
  const mass = (logit: number) => Math.exp(logit / temperature - top);
  const whole = descending.reduce((sum, logit) => sum + mass(logit), 0);
  let sum = 0;
  let count = 0;
  for (const logit of descending) {
    sum += mass(logit);
    count++;
    if (sum >= topP * whole) break;
  }
  const edge = descending[count - 1] ?? 0;
  const keptLogits = Float32Array.from(ids, (id) => logits[id] ?? 0);
  return idsAbove(keptLogits, edge, count).map((index) => ids[index] ?? 0);
}
