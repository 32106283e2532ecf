import type { SequenceRequest } from '../engine-api.ts';
import { EngineError } from '../errors.ts';

const MAX_STOPS = 16;
const MAX_STOP_CHARS = 256;

/** @throws {EngineError} `request-invalid`, `prompt-too-long` */
export function checkRequest(
  { id, prompt, maxTokens, sampling, record, stop }: SequenceRequest,
  {
    contextTokens,
    vocabulary,
    isActive,
  }: { readonly contextTokens: number; readonly vocabulary: number; readonly isActive: boolean },
): void {
  const refuse = (why: string, value: number, limit: number): never => {
    throw new EngineError('request-invalid', `request ${id.slice(0, 64)}: ${why} (${value}, ${limit} allowed)`, {
      name: id.slice(0, 64),
      value,
      limit,
    });
  };
  const { temperature, topK, topP, seed } = sampling;
  if (isActive) refuse('its id is in use', 1, 0);
  if (prompt.length === 0) refuse('the prompt is empty', 0, 1);
  if (prompt.length >= contextTokens) {
    throw new EngineError(
      'prompt-too-long',
      `a prompt of ${prompt.length} tokens leaves no room in a context of ${contextTokens}; shorten it`,
      {
        name: id.slice(0, 64),
        value: prompt.length,
        limit: contextTokens - 1,
      },
    );
  }
  const unknown = prompt.find((token) => token >= vocabulary);
  if (unknown !== undefined) refuse('a token is outside the vocabulary', unknown, vocabulary - 1);
  if (!Number.isInteger(maxTokens) || maxTokens < 1) refuse('maxTokens is no count', maxTokens, contextTokens);
  if (!(temperature >= 0 && temperature <= 100)) refuse('temperature out of range', temperature, 100);
  if (!Number.isInteger(topK) || topK < 0) refuse('topK is no count', topK, vocabulary);
  if (!(topP >= 0 && topP <= 1)) refuse('topP out of range', topP, 1);
  if (!Number.isInteger(seed) || seed < 0 || seed >= 2 ** 32) refuse('seed is no u32', seed, 2 ** 32 - 1);
  if (!Number.isSafeInteger(record) || record < 0) refuse('record is no id', record, Number.MAX_SAFE_INTEGER);
  if (stop.length > MAX_STOPS) refuse('too many stop strings', stop.length, MAX_STOPS);
  const long = stop.find((text) => text.length > MAX_STOP_CHARS);
  if (long !== undefined) refuse('a stop string is too long', long.length, MAX_STOP_CHARS);
}
