import type { Detokeniser } from '../tokenizer/token-bytes.ts';

/** The text of an answer as it grows; ends before the first stop string. */
export interface AnswerText {
  /** Everything up to now, cut before the stop string. */
  readonly text: string;
  /** The part of `text` that a token made certain, and whether it completed a stop string. */
  push(token: number): { readonly text: string; readonly isStopped: boolean };
  /** What was held back, as no more comes. */
  end(): string;
}

/**
 * @param stops where the answer ends; text that could begin one is held back until that is decided
 */
export function createAnswerText(detokeniser: Detokeniser, stops: readonly string[]): AnswerText {
  let sent = '';
  let held = '';
  const send = (text: string) => {
    sent += text;
    held = held.slice(text.length);
    return text;
  };
  return {
    get text() {
      return sent;
    },
    push(token) {
      held += detokeniser.push(token);
      const at = firstStop(held, stops);
      if (at >= 0) {
        const text = send(held.slice(0, at));
        held = '';
        return { text, isStopped: true };
      }
      return { text: send(held.slice(0, held.length - heldBack(held, stops))), isStopped: false };
    },
    end() {
      held += detokeniser.end();
      return send(held);
    },
  };
}

function firstStop(text: string, stops: readonly string[]): number {
  const found = stops.filter((stop) => stop !== '').map((stop) => text.indexOf(stop));
  return found.reduce((first, at) => (at >= 0 && (first < 0 || at < first) ? at : first), -1);
}

/** Length of the longest end of `text` that begins a stop string. */
function heldBack(text: string, stops: readonly string[]): number {
  let longest = 0;
  for (const stop of stops) {
    for (let length = Math.min(stop.length - 1, text.length); length > longest; length--) {
      if (text.endsWith(stop.slice(0, length))) longest = length;
    }
  }
  return longest;
}
