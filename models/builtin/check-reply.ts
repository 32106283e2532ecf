import { readReply, type Scene } from '../../src/npc/index.ts';
import { LEAD, STOCK } from './corpus/replies.ts';

export interface ReplyVerdict {
  /** In the form `action: words`, with an action that the scene allows. */
  readonly isWellFormed: boolean;
  /** Its sentences that are neither a fact of the scene nor a stock phrase. None is grounded. */
  readonly invented: readonly string[];
}

const PHRASES = [...Object.values(LEAD), ...Object.values(STOCK).flatMap((phrases) => Object.values(phrases))];

/**
 * Strict: every sentence must be one of the scene's facts to the letter, a stock phrase, or the character's own name and
 * trade. What the player said does not count, and neither does a sentence that merely uses known words.
 */
export function checkReply({ character, facts, actions }: Scene, answer: string): ReplyVerdict {
  const reply = readReply(answer);
  const self = `I am ${character.name}, the ${character.role}.`;
  const given = new Set([...facts, self, ...PHRASES.map((phrase) => phrase.replace('{self}', ''))].flatMap(sentencesOf));
  return {
    isWellFormed: reply !== undefined && actions.includes(reply.action),
    invented: sentencesOf(reply?.say ?? answer).filter((sentence) => !given.has(sentence)),
  };
}

function sentencesOf(text: string): string[] {
  return text.match(/[^.!?]+[.!?]*/g)?.map((sentence) => sentence.trim()).filter(Boolean) ?? [];
}
