import type { StockKind } from '../../../src/npc/index.ts';

/** What the character does as it says it, if the scene allows that; else it only talks. */
export const ACTION_OF = {
  fact: 'talk',
  greet: 'wave',
  unknown: 'talk',
  sale: 'trade',
  'no-sale': 'talk',
  work: 'quest',
  'no-work': 'talk',
  accept: 'give',
  decline: 'talk',
  thanks: 'talk',
  farewell: 'wave',
  threat: 'flee',
  trick: 'refuse',
  other: 'talk',
} as const satisfies Readonly<Record<StockKind | 'fact' | 'sale' | 'work', string>>;

export const ACTIONS = ['talk', 'wave', 'trade', 'quest', 'give', 'flee', 'refuse'] as const;
