import type { Sampling } from '../engine-api.ts';
import { DRAW_WORDS } from './run-state.ts';

/** How a slot's tokens are drawn on the GPU. */
export interface Draw {
  readonly sampling: Sampling;
  readonly record: number;
  readonly wantsLogProbability: boolean;
  readonly isMasked: boolean;
}

const WANTS_LOG_PROBABILITY = 1;
const IS_MASKED = 2;

/** `Draw` of pick.wgsl. */
export function drawWords({ sampling, record, wantsLogProbability, isMasked }: Draw): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(DRAW_WORDS);
  const floats = new Float32Array(words.buffer);
  // With topP 0 the likeliest alone is kept: greedy.
  floats[0] = sampling.topP === 0 ? 0 : sampling.temperature;
  words[1] = Math.min(sampling.topK, 2 ** 31);
  floats[2] = sampling.topP;
  words[3] = sampling.seed;
  words[4] = record >>> 0;
  words[5] = Math.floor(record / 2 ** 32) >>> 0;
  words[6] = (wantsLogProbability ? WANTS_LOG_PROBABILITY : 0) | (isMasked ? IS_MASKED : 0);
  return words;
}
