import type { Random } from '../../../src/base/random.ts';
import type { PromptMessage } from '../../../src/npc/index.ts';
import { createNamer, type Split } from './names.ts';
import { GOODS } from './words.ts';

/** A short instruction about words that stand in it, and its answer: copying is what every grounded reply is made of. */
export function writeInstruction(random: Random, split: Split): PromptMessage[] {
  const namer = createNamer(random, split);
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)] as T;
  const thing = () => pick([namer.person, namer.item, () => `${2 + random.below(98)} ${pick(GOODS)}`])();
  const list = Array.from({ length: 3 + random.below(5) }, thing);
  const words = list.join(', ');
  const [user, answer] = pick<readonly [string, string]>([
    [`Say: ${words}`, `I say: ${words}`],
    [`Repeat: ${words}`, `I say: ${words}`],
    [`Which is first: ${words}?`, `The first is ${list[0]}.`],
    [`Which is last: ${words}?`, `The last is ${list.at(-1)}.`],
    [`Join ${list[0]} with ${list[1]}.`, `It is ${list[0]} with ${list[1]}.`],
  ]);
  return [
    { role: 'system', content: 'Do what you are told.' },
    { role: 'user', content: user },
    { role: 'assistant', content: answer },
  ];
}
