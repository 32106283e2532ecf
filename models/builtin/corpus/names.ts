import type { Random } from '../../../src/base/random.ts';
import { ADJECTIVES, ITEM_NOUNS, PLACE_NOUNS } from './words.ts';

/** Which of the two worlds a name belongs to: one that is trained on, or one that only the evaluation sees. */
export type Split = 'train' | 'held-out';

const ONSETS = ['b', 'd', 'f', 'g', 'h', 'k', 'l', 'm', 'n', 'p', 'r', 's', 't', 'v', 'br', 'dr', 'th', 'sh', 'z', 'j'];
const VOWELS = ['a', 'e', 'i', 'o', 'u'];
const CODAS = ['', '', 'n', 'r', 'l', 's', 'k', 'm'];

/** One name in this many is held out, and likewise one description of a thing or place. */
const HELD_OUT_SHARE = 5;

/** Draws names until one lies in the wanted split. */
export interface Namer {
  /** An invented name of two or three syllables, e.g. "Tarosh". */
  person(): string;
  /** "the old mill", or with an invented name "the Tarosh bridge". */
  place(): string;
  /** Without article: "silver lamp", "Tarosh horn". */
  item(): string;
}

export function createNamer(random: Random, split: Split): Namer {
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)] as T;
  const syllable = () => pick(ONSETS) + pick(VOWELS);
  const draw = (make: () => string): string => {
    for (;;) {
      const text = make();
      if ((spread(text) % HELD_OUT_SHARE === 0) === (split === 'held-out')) return text;
    }
  };
  const word = () => {
    const text = syllable() + syllable() + (random.below(4) === 0 ? syllable() : '') + pick(CODAS);
    return text.charAt(0).toUpperCase() + text.slice(1);
  };
  const person = () => draw(word);
  const described = (nouns: readonly string[]) =>
    random.below(4) === 0 ? `${person()} ${pick(nouns)}` : draw(() => `${pick(ADJECTIVES)} ${pick(nouns)}`);
  return { person, place: () => `the ${described(PLACE_NOUNS)}`, item: () => described(ITEM_NOUNS) };
}

/** FNV-1a, 32 bits: which split a text belongs to must not depend on the order of drawing. */
export function spread(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193) >>> 0;
  return (hash ^ (hash >>> 15)) >>> 0;
}
