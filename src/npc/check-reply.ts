import { LEAD, STOCK } from './phrases.ts';
import type { Scene, SceneReply } from './scene.ts';
import { sentenceKey, sentencesOf } from './sentences.ts';

/**
 * How strictly a reply is bound to its scene.
 *
 * - `quoted`: every sentence is a fact of the scene to the letter, the character's own name and trade, or a phrase that
 *   claims nothing. Sound: nothing that the game did not write can be said. Made for the built-in model.
 * - `named`: free sentences, but every name, number and thing of the game's `lexicon` must occur in the scene. For larger
 *   models; relations between things that do occur are not checked.
 */
export type Grounding = 'quoted' | 'named';

export interface ReplyRules {
  readonly grounding: Grounding;
  /** Letters of what is said. */
  readonly maxChars: number;
  /** Sentences of the game that claim nothing, beside the kit's own. */
  readonly phrases: readonly string[];
  /** Every thing, place and person of the game's world, for `named`. */
  readonly lexicon: readonly string[];
  /** The game's own check, called with replies that passed all others. What it throws counts as no. */
  readonly accepts: ((reply: SceneReply) => boolean) | undefined;
}

export const DEFAULT_RULES: ReplyRules = {
  grounding: 'quoted',
  maxChars: 240,
  phrases: [],
  lexicon: [],
  accepts: undefined,
};

/** Why a reply was refused. */
export type ReplyFault =
  /** Not in the form `action: words`. */
  | { readonly kind: 'form' }
  | { readonly kind: 'action'; readonly found: string }
  | { readonly kind: 'too-long'; readonly chars: number }
  /** A sentence, or in `named` a word, that the scene does not give. */
  | { readonly kind: 'invented'; readonly found: string }
  | { readonly kind: 'refused-by-game'; readonly threw: boolean };

const STOCK_PHRASES = [...Object.values(LEAD), ...Object.values(STOCK).flatMap((phrases) => Object.values(phrases))]
  .flatMap((phrase) => sentencesOf(phrase.replace('{self}', '')))
  .map(sentenceKey);

/** @returns undefined where the reply may be committed */
export function findFault(scene: Scene, reply: SceneReply | undefined, rules: ReplyRules): ReplyFault | undefined {
  if (!reply) return { kind: 'form' };
  if (!scene.actions.includes(reply.action)) return { kind: 'action', found: reply.action };
  if (reply.say.length > rules.maxChars) return { kind: 'too-long', chars: reply.say.length };
  const invented =
    rules.grounding === 'quoted' ? inventedSentence(scene, reply, rules) : inventedWord(scene, reply, rules);
  if (invented !== undefined) return { kind: 'invented', found: invented };
  try {
    return rules.accepts?.(reply) === false ? { kind: 'refused-by-game', threw: false } : undefined;
  } catch {
    return { kind: 'refused-by-game', threw: true };
  }
}

/** The facts that a reply quotes, by their places in the scene. */
export function citesOf({ facts }: Scene, { say }: SceneReply): number[] {
  const said = new Set(sentencesOf(say).map(sentenceKey));
  return facts.flatMap((fact, at) => (sentencesOf(fact).some((part) => said.has(sentenceKey(part))) ? [at] : []));
}

function inventedSentence(
  { character, facts }: Scene,
  { say }: SceneReply,
  { phrases }: ReplyRules,
): string | undefined {
  const own = `I am ${character.name}, the ${character.role}.`;
  const given = new Set([...STOCK_PHRASES, ...[own, ...facts, ...phrases].flatMap(sentencesOf).map(sentenceKey)]);
  return sentencesOf(say).find((sentence) => !given.has(sentenceKey(sentence)));
}

/** Names are words with a capital letter that do not begin a sentence. */
function inventedWord({ character, facts }: Scene, { say }: SceneReply, rules: ReplyRules): string | undefined {
  const given = new Set(wordsOf([character.name, character.role, ...facts, ...rules.phrases].join(' ').toLowerCase()));
  const lexicon = new Set(rules.lexicon.flatMap((thing) => wordsOf(thing.toLowerCase())));
  return sentencesOf(say)
    .flatMap((sentence) => wordsOf(sentence).map((word, at) => ({ word, isFirst: at === 0 })))
    .filter(({ word, isFirst }) => {
      const isName = !isFirst && /^\p{Lu}/u.test(word) && word !== 'I';
      return isName || /\d/.test(word) || lexicon.has(word.toLowerCase());
    })
    .find(({ word }) => !given.has(word.toLowerCase()))?.word;
}

function wordsOf(text: string): string[] {
  return text.match(/[\p{L}\p{N}]+/gu) ?? [];
}
