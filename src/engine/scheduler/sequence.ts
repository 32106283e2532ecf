import type { EngineEvent, SequenceRequest } from '../engine-api.ts';
import { sampleToken } from '../sampler/sample-token.ts';
import type { ModelTokenizer } from '../tokenizer/model-tokenizer.ts';
import { createAnswerText, type AnswerText } from './answer-text.ts';

/** One sequence in the scheduler: which tokens it has, how many of them are computed, what to do with logits. */
export interface Sequence {
  readonly id: string;
  /** Prompt and what followed; those from `computed` on are still to be fed. */
  readonly tokens: readonly number[];
  /** Positions whose keys and values are in the cache. */
  computed: number;
  /** The most positions that it may come to need. */
  readonly maxPositions: number;
  /** Wants logits after every token, not only the last. */
  readonly wantsAll: boolean;
  /** Wants the numbers, not only the likeliest token. */
  readonly readsLogits: boolean;
  /** Takes the logits after its next wanted token; true once the sequence has ended. */
  take(best: number, logits: Float32Array | undefined): boolean;
  /** Ends it from outside; the listener hears it at once. */
  cancel(): void;
  fail(code: string, message: string): void;
}

interface Init {
  readonly request: SequenceRequest;
  readonly tokenizer: ModelTokenizer;
  readonly contextTokens: number;
  readonly numericClass: string;
  readonly emit: (event: EngineEvent) => void;
}

/** A sequence that continues its prompt by the request's sampling until it stops. */
export function createGeneration({ request, tokenizer, contextTokens, numericClass, emit }: Init): Sequence {
  const { id, prompt, sampling } = request;
  const tokens = Array.from(prompt);
  const answer = createAnswerText(tokenizer.createDetokeniser(), request.stop);
  const maxPositions = Math.min(prompt.length + request.maxTokens, contextTokens);
  const done = (finish: 'stop' | 'length' | 'cancelled', text: string) => {
    emit({
      t: 'done',
      id,
      finish,
      tokens: Uint32Array.from(tokens.slice(prompt.length)),
      text,
      promptTokens: prompt.length,
      numericClass,
    });
    return true;
  };
  const take = (best: number, logits: Float32Array | undefined) => {
    const place = { record: request.record, position: tokens.length };
    const token = sampling.temperature === 0 || !logits ? best : sampleToken(logits, sampling, place);
    if (tokenizer.endIds.has(token)) {
      answer.end();
      return done('stop', answer.text);
    }
    tokens.push(token);
    const isLast = tokens.length >= maxPositions;
    const { text, isStopped } = endIfLast(answer, answer.push(token), isLast);
    emit({ t: 'token', id, token, text });
    if (isStopped) return done('stop', answer.text);
    return isLast && done('length', answer.text);
  };
  return {
    id,
    tokens,
    computed: 0,
    maxPositions,
    wantsAll: false,
    readsLogits: sampling.temperature !== 0,
    take,
    cancel: () => {
      answer.end();
      done('cancelled', answer.text);
    },
    fail: (code, message) => emit({ t: 'failed', id, code, message }),
  };
}

function endIfLast(
  answer: AnswerText,
  step: ReturnType<AnswerText['push']>,
  isLast: boolean,
): ReturnType<AnswerText['push']> {
  return isLast && !step.isStopped ? { text: step.text + answer.end(), isStopped: false } : step;
}

/** A sequence that only reads: `onLogits` gets the logits after each of `tokens`, in order. */
export function createReading(
  id: string,
  tokens: readonly number[],
  onLogits: (position: number, logits: Float32Array) => void,
  onEnd: (failure: { readonly code: string; readonly message: string } | undefined) => void,
): Sequence {
  let position = 0;
  return {
    id,
    tokens,
    computed: 0,
    maxPositions: tokens.length,
    wantsAll: true,
    readsLogits: true,
    take(_best, logits) {
      if (logits) onLogits(position, logits);
      position++;
      if (position === tokens.length) onEnd(undefined);
      return position === tokens.length;
    },
    cancel: () => onEnd({ code: 'cancelled', message: 'cancelled' }),
    fail: (code, message) => onEnd({ code, message }),
  };
}
