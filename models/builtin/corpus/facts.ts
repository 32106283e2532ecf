import type { Random } from '../../../src/base/random.ts';
import type { Namer } from './names.ts';
import { CREATURES, DIRECTIONS, GOODS, HOURS, ROLES } from './words.ts';

/** A sentence of the world and what somebody who wants to know it may say. */
export interface Fact {
  readonly kind: FactKind;
  /** Written as a reply quotes it. */
  readonly text: string;
  /** No two facts of a scene answer the same question. */
  readonly key: string;
  readonly questions: readonly string[];
}

export const FACT_KINDS = [
  'role',
  'home',
  'way',
  'price',
  'lost',
  'danger',
  'need',
  'reward',
  'hours',
  'owner',
] as const;
export type FactKind = (typeof FACT_KINDS)[number];

/** A fact of this kind with names that `namer` draws. */
export function makeFact(kind: FactKind, random: Random, namer: Namer): Fact {
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)] as T;
  const number = (low: number, high: number) => low + random.below(high - low + 1);
  switch (kind) {
    case 'role': {
      const [who, role] = [namer.person(), pick(ROLES)];
      const questions = [`Who is ${who}?`, `What does ${who} do?`, `What is the trade of ${who}?`];
      return { kind, text: `${who} is the ${role}.`, key: `role ${who}`, questions };
    }
    case 'home': {
      const [who, place] = [namer.person(), namer.place()];
      const questions = [`Where does ${who} live?`, `Where is the house of ${who}?`, `Where can I find ${who}?`];
      return { kind, text: `${who} lives ${pick(DIRECTIONS)} ${place}.`, key: `home ${who}`, questions };
    }
    case 'way': {
      const [what, place] = [namer.place(), namer.place()];
      const questions = [`Where is ${what}?`, `How do I get to ${what}?`, `Which way is it to ${what}?`];
      return { kind, text: `${capital(what)} is ${pick(DIRECTIONS)} ${place}.`, key: what, questions };
    }
    case 'price': {
      const item = namer.item();
      const questions = [`How much is the ${item}?`, `What does the ${item} cost?`, `Is the ${item} expensive?`];
      return { kind, text: `The ${item} costs ${number(2, 99)} coins.`, key: item, questions };
    }
    case 'lost': {
      const [item, place] = [namer.item(), namer.place()];
      const questions = [`Where is the ${item}?`, `Have you seen the ${item}?`, `Where can I find the ${item}?`];
      return { kind, text: `The ${item} is hidden in ${place}.`, key: item, questions };
    }
    case 'danger': {
      const [creature, place] = [pick(CREATURES), namer.place()];
      const questions = [`Are there ${creature} here?`, `Where are the ${creature}?`, `Have you seen any ${creature}?`];
      return { kind, text: `The ${creature} hide ${pick(DIRECTIONS)} ${place}.`, key: creature, questions };
    }
    case 'need': {
      const [who, goods] = [namer.person(), pick(GOODS)];
      const questions = [`What does ${who} need?`, `How can I help ${who}?`, `What can I bring to ${who}?`];
      return { kind, text: `${who} needs ${number(2, 30)} ${goods}.`, key: 'need', questions };
    }
    case 'reward': {
      const reward = random.below(2) === 0 ? `${number(5, 99)} coins` : `the ${namer.item()}`;
      const questions = ['What is the reward?', 'What do I get for it?', 'How much will you pay me?'];
      return { kind, text: `The reward is ${reward}.`, key: 'reward', questions };
    }
    case 'hours': {
      const what = namer.place();
      const questions = [`When does ${what} open?`, `Is ${what} open now?`, `At what hour does ${what} open?`];
      return { kind, text: `${capital(what)} opens at ${pick(HOURS)}.`, key: what, questions };
    }
    case 'owner': {
      const [who, item] = [namer.person(), namer.item()];
      const questions = [`Who has the ${item}?`, `Who owns the ${item}?`, `Whose is the ${item}?`];
      return { kind, text: `The ${item} belongs to ${who}.`, key: item, questions };
    }
  }
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
