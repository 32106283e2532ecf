import { readReply, type Scene } from '../../src/npc/index.ts';
import { LEAD, STOCK } from './corpus/replies.ts';
import { CREATURES, GOODS, ITEM_NOUNS, PLACE_NOUNS, ROLES } from './corpus/words.ts';

export interface ReplyVerdict {
  /** In the form `action: words`, with an action that the scene allows. */
  readonly isWellFormed: boolean;
  /** What it mentions that the scene does not give: names, things, places, numbers. Empty is grounded. */
  readonly invented: readonly string[];
}

const NOUNS = new Set<string>([...ITEM_NOUNS, ...PLACE_NOUNS, ...GOODS, ...CREATURES, ...ROLES]);
/** Words that stock phrases use with a capital letter, and those that begin facts. */
const PLAIN_CAPITALS = new Set(
  [...Object.values(LEAD), ...Object.values(STOCK).flatMap((phrases) => Object.values(phrases)), 'The']
    .flatMap((text) => wordsOf(text))
    .filter((word) => /^\p{Lu}/u.test(word)),
);

/**
 * Strict: every name, every number, and every thing, place or trade with the word before it must stand in the facts or in
 * what the character is told about itself, in this very form. What the player said does not count.
 */
export function checkReply({ character, facts, actions }: Scene, answer: string): ReplyVerdict {
  const reply = readReply(answer);
  const said = wordsOf(reply?.say ?? answer);
  const given = [`You are ${character.name}, the ${character.role}.`, ...facts].map(wordsOf);
  const words = new Set(given.flat());
  const pairs = new Set(
    given.flatMap((sentence) => sentence.map((word, at) => `${sentence[at - 1]} ${word}`.toLowerCase())),
  );
  const invented = said.filter((word, at) => {
    if (/\d/.test(word)) return !pairs.has(`${said[at - 1]} ${word}`.toLowerCase());
    if (NOUNS.has(word.toLowerCase())) return !pairs.has(`${said[at - 1]} ${word}`.toLowerCase());
    return /^\p{Lu}/u.test(word) && !PLAIN_CAPITALS.has(word) && !words.has(word);
  });
  return { isWellFormed: reply !== undefined && actions.includes(reply.action), invented };
}

function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{N}]+/gu) ?? [];
}
