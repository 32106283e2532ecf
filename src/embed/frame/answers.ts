import { isAbort } from '../../base/app-error.ts';
import type { Completion, Scene } from '../../npc/index.ts';
import { EmbedError } from '../errors.ts';
import type { FrameMessage, HostMessage } from '../messages.ts';
import { problemOf } from '../problem-of.ts';
import type { Answering, Computing } from './computing.ts';

export type PageQuestion = Extract<HostMessage, { readonly t: 'complete' | 'say' }>;

export interface AnswersInit {
  readonly send: (message: FrameMessage) => void;
  /** Undefined where the person's grant does not hold, or waits. */
  readonly computing: () => Computing | undefined;
  readonly onAnswer: (what: string) => void;
}

/** Questions of the page under way. */
export interface Answers {
  answer(question: PageQuestion): Promise<void>;
  cancel(id: number): void;
  /** Nothing computes any more; the page is told that it was stopped. */
  stop(): void;
}

export function createAnswers({ send, computing, onAnswer }: AnswersInit): Answers {
  const running = new Map<number, AbortController>();
  const cancelled = new Set<number>();

  async function compute(question: PageQuestion, signal: AbortSignal): Promise<unknown> {
    const now = computing();
    if (!now) {
      throw new EmbedError('consent-required', 'embed: the person has not agreed here, or has paused it', {});
    }
    const onText = (text: string) => send({ t: 'text', id: question.id, text });
    const answering = now[question.where ?? 'device'];
    if (!answering) {
      const message = 'embed: the tag does not say data-asks="others", or the person did not agree to that';
      throw new EmbedError('others-refused', message, {});
    }
    if (question.t === 'complete') return complete(answering, question, onText, signal);
    const { scene, fallback, adapter } = question;
    // The kit checks the scene: what comes from the page is not believed to be one.
    const line = await answering.kit.say(scene as Scene, {
      fallback,
      onSentence: onText,
      signal,
      ...(adapter && { adapter }),
    });
    onAnswer(line.source === 'model' ? 'a line of a character' : 'a line that the script had to say');
    return line;
  }

  async function complete(
    { complete: ask }: Answering,
    { messages, choices, maxTokens, temperature }: Extract<PageQuestion, { readonly t: 'complete' }>,
    onText: (text: string) => void,
    signal: AbortSignal,
  ): Promise<Completion> {
    const seed = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
    const asked = { messages, choices, maxTokens, temperature, seed, adapter: undefined };
    const completion = await ask({ ...asked, onText, signal });
    if (choices && !choices.includes(completion.text)) {
      throw new EmbedError('broken-answer', `embed: ${completion.by} answered with none of the choices; ask again`, {});
    }
    onAnswer('an answer for this page');
    return completion;
  }

  return {
    async answer(question) {
      const { id } = question;
      const controller = new AbortController();
      running.set(id, controller);
      try {
        // A node that is stopped while it loads a model may never answer; the page is told at once all the same.
        const value = await Promise.race([compute(question, controller.signal), aborted(controller.signal)]);
        send({ t: 'done', id, value });
      } catch (error) {
        if (cancelled.delete(id)) return;
        const problem = isAbort(error) ? STOPPED : problemOf(error);
        const name = error instanceof Error ? error.name : 'Error';
        send({ t: 'failed', id, name: name.slice(0, 60), problem });
      } finally {
        running.delete(id);
      }
    },
    cancel(id) {
      const controller = running.get(id);
      if (!controller) return;
      cancelled.add(id);
      controller.abort();
    },
    stop() {
      for (const controller of running.values()) controller.abort();
    },
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
}

const STOPPED = { code: 'embed/stopped', message: 'embed: stopped by the person or the page' };
