import { MUSHROOMS, type CharacterId } from './world.ts';

/** The quest of the silver bell, in its order. */
export const STAGES = ['begin', 'seek-orin', 'seek-pela', 'gather', 'bring-mushrooms', 'bring-bell', 'done'] as const;
export type Stage = (typeof STAGES)[number];

export interface Quest {
  readonly stage: Stage;
  /** Places in `MUSHROOMS` of those picked. */
  readonly picked: readonly number[];
}

export const NEW_QUEST: Quest = { stage: 'begin', picked: [] };

/** What only the game decides: no line of a character moves the quest. */
export type QuestStep = 'promise' | 'ask-bell' | 'borrow-basket' | 'give-mushrooms' | 'give-bell';

const TURNS: Readonly<Record<QuestStep, { readonly with: CharacterId; readonly from: Stage; readonly to: Stage }>> = {
  promise: { with: 'mara', from: 'begin', to: 'seek-orin' },
  'ask-bell': { with: 'orin', from: 'seek-orin', to: 'seek-pela' },
  'borrow-basket': { with: 'pela', from: 'seek-pela', to: 'gather' },
  'give-mushrooms': { with: 'orin', from: 'bring-mushrooms', to: 'bring-bell' },
  'give-bell': { with: 'mara', from: 'bring-bell', to: 'done' },
};

/** What the player can do now with this character to go on. */
export function stepWith(quest: Quest, who: CharacterId): QuestStep | undefined {
  return (Object.keys(TURNS) as QuestStep[]).find(
    (step) => TURNS[step].with === who && TURNS[step].from === quest.stage,
  );
}

/** The quest after a step; a step that is not due changes nothing. */
export function takeStep(quest: Quest, step: QuestStep): Quest {
  return TURNS[step].from === quest.stage ? { ...quest, stage: TURNS[step].to } : quest;
}

/** The quest after a mushroom was picked: without Pela's basket they stay where they are. */
export function pick(quest: Quest, mushroom: number): Quest {
  if (quest.stage !== 'gather' || quest.picked.includes(mushroom) || !MUSHROOMS[mushroom]) return quest;
  const picked = [...quest.picked, mushroom];
  return { picked, stage: picked.length === MUSHROOMS.length ? 'bring-mushrooms' : 'gather' };
}

/** Whom or what the quest is waiting for. */
export function goalOf({ stage }: Quest): CharacterId | 'mushrooms' | undefined {
  switch (stage) {
    case 'begin':
    case 'bring-bell':
      return 'mara';
    case 'seek-orin':
    case 'bring-mushrooms':
      return 'orin';
    case 'seek-pela':
      return 'pela';
    case 'gather':
      return 'mushrooms';
    case 'done':
      return undefined;
    default:
      return stage satisfies never;
  }
}
