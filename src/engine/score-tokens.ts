import { EngineError } from './errors.ts';
import type { ActiveModel } from './model-shelf.ts';
import { createReading } from './scheduler/sequence.ts';

/** Natural log-probabilities of every token of the vocabulary after each token: (tokens, vocabulary). */
export interface TokenScores {
  readonly vocabulary: number;
  readonly logProbabilities: Float32Array<ArrayBuffer>;
}

/** Numbers of one answer, 256 MiB. */
const MAX_SCORES = 2 ** 26;

/**
 * Teacher-forced log-probabilities, read beside whatever else runs.
 *
 * @throws {EngineError} `request-invalid`, `prompt-too-long`; or what ended the reading, by its own code
 */
export function scoreTokens({ loaded, scheduler }: ActiveModel, id: string, tokens: Uint32Array): Promise<TokenScores> {
  const { vocabulary } = loaded.runner.config;
  checkTokens(tokens, vocabulary, loaded.contextTokens);
  return new Promise((resolve, reject) => {
    const logProbabilities = new Float32Array(tokens.length * vocabulary);
    const onLogits = (position: number, logits: Float32Array) =>
      logProbabilities.set(logSoftmax(logits), position * vocabulary);
    const onEnd = (failure?: { readonly message: string }) => {
      if (failure) reject(new EngineError('model-not-loaded', `reading ended: ${failure.message}`));
      else resolve({ vocabulary, logProbabilities });
    };
    scheduler.add(createReading(id, Array.from(tokens), onLogits, onEnd));
  });
}

function checkTokens(tokens: Uint32Array, vocabulary: number, contextTokens: number): void {
  const count = tokens.length;
  if (count === 0 || count * vocabulary > MAX_SCORES || tokens.some((token) => token >= vocabulary)) {
    throw new EngineError(
      'request-invalid',
      `scores of ${count} tokens over ${vocabulary}: 1 to ${Math.floor(MAX_SCORES / vocabulary)} tokens of the vocabulary expected`,
    );
  }
  if (count > contextTokens) {
    throw new EngineError('prompt-too-long', `${count} tokens do not fit a context of ${contextTokens}`, {
      value: count,
      limit: contextTokens,
    });
  }
}

function logSoftmax(logits: Float32Array): Float32Array {
  const top = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const mass = logits.reduce((sum, v) => sum + Math.exp(v - top), 0);
  return logits.map((v) => v - top - Math.log(mass));
}
