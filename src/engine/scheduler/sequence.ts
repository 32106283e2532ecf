import type { ShelvedAdapter } from '../adapters/adapter-shelf.ts';
import type { PackedAdapter } from '../adapters/pack-adapter.ts';
import type { TokenConstraint } from '../constraint/token-constraint.ts';
import type { EngineEvent, Sampling, SequenceRequest } from '../engine-api.ts';
import type { Draw } from '../model/draw-words.ts';
import type { Pick } from '../model/model-runner.ts';
import { sampleToken } from '../sampler/sample-token.ts';
import type { ModelTokenizer } from '../tokenizer/model-tokenizer.ts';
import { createAnswerText, type AnswerText } from './answer-text.ts';

/** One sequence in the scheduler: which tokens it has, and what to do with the next. */
export interface Sequence {
  readonly id: string;
  /** Prompt and what followed, as far as it has been read back. */
  readonly tokens: readonly number[];
  /** The most positions that it may come to need. */
  readonly maxPositions: number;
  /** Wants logits after every token, not only the last. */
  readonly wantsAll: boolean;
  /** Wants the numbers, not only the next token. */
  readonly readsLogits: boolean;
  /** …and these are its final states, not its logits. */
  readonly readsStates: boolean;
  /** How its tokens are drawn on the GPU. */
  readonly draw: Draw;
  /** Who asked for it: requesters get fair shares. */
  readonly requester: string;
  /** Sequences of one space may share what they computed; those of different adapters may not. */
  readonly space: string;
  /** What changes the model for it. */
  readonly adapter: PackedAdapter | undefined;
  /** What its tokens must keep to; each of its rows waits for the token before. */
  readonly constraint: TokenConstraint | undefined;
  /** Whether several tokens may be guessed and checked in one step. */
  readonly maySpeculate: boolean;
  /**
   * Takes the token after `position`, which its pick is unless there are logits to draw it from; true once the sequence
   * has ended. One that wants all begins again at its first position if its device was lost.
   */
  take(pick: Pick, logits: Float32Array | undefined, position: number): boolean;
  /** Ends it from outside; the listener hears it at once. */
  cancel(): void;
  fail(code: string, message: string): void;
}

/** Below this, scores in f32 say nothing of those in f64. */
const MIN_GPU_TEMPERATURE = 1e-4;
const GREEDY: Sampling = { temperature: 0, topK: 0, topP: 1, seed: 0 };

interface Init {
  readonly request: SequenceRequest;
  readonly tokenizer: ModelTokenizer;
  readonly contextTokens: number;
  readonly numericClass: string;
  readonly adapter: ShelvedAdapter | undefined;
  /** Freed when the sequence ends. */
  readonly constraint: TokenConstraint | undefined;
  readonly emit: (event: EngineEvent) => void;
}

/** A sequence that continues its prompt by the request's sampling until it stops. */
export function createGeneration({
  request,
  tokenizer,
  contextTokens,
  numericClass,
  adapter,
  constraint,
  emit,
}: Init): Sequence {
  const { id, prompt, sampling } = request;
  const tokens = Array.from(prompt);
  const answer = createAnswerText(tokenizer.createDetokeniser(), request.stop);
  const maxPositions = Math.min(prompt.length + request.maxTokens, contextTokens);
  const done = (finish: 'stop' | 'length' | 'cancelled', text: string) => {
    constraint?.dispose();
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
  const take = (pick: Pick, logits: Float32Array | undefined) => {
    if (logits) constraint?.hide(logits);
    const place = { record: request.record, position: tokens.length };
    const token = logits ? sampleToken(logits, sampling, place) : pick.id;
    if (tokenizer.endIds.has(token)) {
      answer.end();
      return done('stop', answer.text);
    }
    tokens.push(token);
    constraint?.accept(token);
    const isLast = tokens.length >= maxPositions;
    const { text, isStopped } = endIfLast(answer, answer.push(token), isLast);
    const logProbability = logits ? logProbabilityOf(logits, token) : pick.logProbability;
    emit({ t: 'token', id, token, text, ...(request.logProbabilities ? { logProbability } : {}) });
    if (isStopped) return done('stop', answer.text);
    return isLast && done('length', answer.text);
  };
  return {
    id,
    tokens,
    maxPositions,
    wantsAll: false,
    readsLogits: sampling.temperature > 0 && sampling.temperature < MIN_GPU_TEMPERATURE,
    readsStates: false,
    requester: request.requester ?? '',
    space: adapter?.space ?? '',
    adapter: adapter?.packed,
    constraint,
    maySpeculate: constraint === undefined,
    draw: {
      sampling,
      record: request.record,
      wantsLogProbability: request.logProbabilities ?? false,
      isMasked: constraint !== undefined,
    },
    take,
    cancel: () => {
      answer.end();
      done('cancelled', answer.text);
    },
    fail(code, message) {
      constraint?.dispose();
      emit({ t: 'failed', id, code, message });
    },
  };
}

function endIfLast(
  answer: AnswerText,
  step: ReturnType<AnswerText['push']>,
  isLast: boolean,
): ReturnType<AnswerText['push']> {
  return isLast && !step.isStopped ? { text: step.text + answer.end(), isStopped: false } : step;
}

function logProbabilityOf(logits: Float32Array, token: number): number {
  const top = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const mass = logits.reduce((sum, v) => sum + Math.exp(v - top), 0);
  return (logits[token] ?? Number.NEGATIVE_INFINITY) - top - Math.log(mass);
}

/** A sequence that only reads: `onLogits` gets the logits after each of `tokens`, or its final state, in order. */
export function createReading(
  id: string,
  tokens: readonly number[],
  onLogits: (position: number, logits: Float32Array) => void,
  onEnd: (failure: { readonly code: string; readonly message: string } | undefined) => void,
  reads: 'logits' | 'states' = 'logits',
): Sequence {
  return {
    id,
    tokens,
    maxPositions: tokens.length,
    wantsAll: true,
    readsLogits: true,
    readsStates: reads === 'states',
    requester: '',
    space: '',
    adapter: undefined,
    constraint: undefined,
    maySpeculate: false,
    draw: { sampling: GREEDY, record: 0, wantsLogProbability: false, isMasked: false },
    take(_pick, logits, position) {
      if (logits) onLogits(position, logits);
      const isLast = position === tokens.length - 1;
      if (isLast) onEnd(undefined);
      return isLast;
    },
    cancel: () => onEnd({ code: 'cancelled', message: 'cancelled' }),
    fail: (code, message) => onEnd({ code, message }),
  };
}
