import { findFault, type ReplyRules } from './check-reply.ts';
import { readReply } from './scene-prompt.ts';
import type { Scene, SceneReply } from './scene.ts';
import { sentencesOf } from './sentences.ts';

/** Lets whole sentences of a growing answer through, each only once everything up to it has passed the scene's rules. */
export interface LineStream {
  push(text: string): void;
  /** Lets the rest of a whole reply through, which has passed. */
  finish(reply: SceneReply): void;
  /** What was let through, if anything: it has been shown, so it stands even if the rest turns out wrong. */
  committed(): SceneReply | undefined;
}

/** @param onSentence undefined: nothing is let through before the end */
export function createLineStream(
  scene: Scene,
  rules: ReplyRules,
  onSentence: ((sentence: string) => void) | undefined,
): LineStream {
  let text = '';
  let committed: SceneReply | undefined;
  let shown = 0;
  let isBarred = onSentence === undefined;
  return {
    push(piece) {
      text += piece;
      if (isBarred) return;
      // The sentence that is being written is not known to be whole.
      const reply = readReply(text.trimEnd());
      const whole = sentencesOf(reply?.say ?? '').slice(0, /[.!?]\s+$/.test(text) ? undefined : -1);
      if (!reply || whole.length <= shown) return;
      const part = { action: reply.action, say: whole.join(' ') };
      isBarred = findFault(scene, part, rules) !== undefined;
      if (isBarred) return;
      for (const sentence of whole.slice(shown)) onSentence?.(sentence);
      shown = whole.length;
      committed = part;
    },
    finish(reply) {
      for (const sentence of sentencesOf(reply.say).slice(shown)) onSentence?.(sentence);
    },
    committed: () => committed,
  };
}
