import { EngineError } from './errors.ts';
import type { ActiveModel } from './model-shelf.ts';
import { createReading } from './scheduler/sequence.ts';
import { scoreTokens } from './score-tokens.ts';

/** Which final states make the vector of a text: the mean of all, or the last, which has read all the others. */
export type Pooling = 'mean' | 'last';

/**
 * (width) A vector of length 1 (L2) for a text, from the states that the head would read; beside whatever else runs.
 *
 * @throws {EngineError} `request-invalid`, `prompt-too-long`; or what ended the reading
 */
export function embedTokens(
  { loaded, scheduler }: ActiveModel,
  id: string,
  tokens: Uint32Array,
  pooling: Pooling,
): Promise<Float32Array<ArrayBuffer>> {
  const { vocabulary, width } = loaded.runner.config;
  const count = tokens.length;
  if (count === 0 || tokens.some((token) => token >= vocabulary))
    throw new EngineError('request-invalid', `a text of ${count} tokens of the vocabulary cannot be embedded`);
  if (count > loaded.contextTokens) {
    const sizes = { value: count, limit: loaded.contextTokens };
    throw new EngineError('prompt-too-long', `${count} tokens do not fit a context of ${sizes.limit}`, sizes);
  }
  return new Promise((resolve, reject) => {
    const sum = new Float64Array(width);
    const onState = (position: number, state: Float32Array) => {
      if (pooling === 'mean' || position === count - 1)
        for (const [i, value] of state.entries()) sum[i] = (sum[i] ?? 0) + value;
    };
    const onEnd = (failure?: { readonly message: string }) => {
      if (failure) reject(new EngineError('model-not-loaded', `embedding ended: ${failure.message}`));
      else resolve(unit(sum));
    };
    scheduler.add(createReading(id, Array.from(tokens), onState, onEnd, 'states'));
  });
}

/**
 * Mean natural log-probability of each choice's tokens behind the prompt: a text is classified by the likeliest.
 *
 * @param choices tokens of prompt and choice together, which agree in the first `promptTokens`
 * @throws {EngineError} as `scoreTokens`
 */
export async function scoreChoices(
  model: ActiveModel,
  id: string,
  promptTokens: number,
  choices: readonly Uint32Array[],
): Promise<Float64Array<ArrayBuffer>> {
  const means = choices.map(async (tokens, i) => {
    const { logProbabilities, vocabulary } = await scoreTokens(model, `${id}-${i}`, tokens);
    let sum = 0;
    for (let at = promptTokens; at < tokens.length; at++)
      sum += logProbabilities[(at - 1) * vocabulary + (tokens[at] ?? 0)] ?? 0;
    return sum / Math.max(1, tokens.length - promptTokens);
  });
  return Float64Array.from(await Promise.all(means));
}

function unit(sum: Float64Array): Float32Array<ArrayBuffer> {
  const length = Math.hypot(...sum);
  return Float32Array.from(sum, (value) => value / (length || 1));
}
