import type { TimeOfDay } from './daylight.ts';
import type { QuestStep, Stage } from './quest.ts';
import type { CharacterId } from './world.ts';

/** Every sentence of the game's own interface; what people of the village say is in `scenes.ts`. */
export const strings = {
  canvas: 'The village, seen from above',
  quest: 'The silver bell',
  stages: {
    begin: 'Mara the miller looks worried. Talk to her.',
    'seek-orin': 'Ask Orin the smith for Mara’s silver bell.',
    'seek-pela': 'Orin wants 3 mushrooms. Pela the shepherd has a basket.',
    gather: 'Find the mushrooms: in the north-west, far in the south, and over the river.',
    'bring-mushrooms': 'Bring the 3 mushrooms to Orin.',
    'bring-bell': 'Bring the silver bell to Mara.',
    done: 'The bell rings over the village. Well done!',
  } satisfies Record<Stage, string>,
  mushrooms: (found: number, all: number) => `Mushrooms: ${found} of ${all}`,
  bell: 'You carry the silver bell.',
  steps: {
    promise: 'I will bring you the silver bell.',
    'ask-bell': 'Mara sends me for the silver bell.',
    'borrow-basket': 'May I borrow your basket?',
    'give-mushrooms': 'Give the mushrooms',
    'give-bell': 'Give the bell',
  } satisfies Record<QuestStep, string>,
  times: { night: 'night', dawn: 'dawn', day: 'day', dusk: 'dusk' } satisfies Record<TimeOfDay, string>,
  walkTo: 'Walk to',
  people: { mara: 'Mara', orin: 'Orin', pela: 'Pela' } satisfies Record<CharacterId, string>,
  mushroom: 'a mushroom',
  talkHint: (name: string) => `Talk to ${name} (E)`,
  say: 'Say something',
  send: 'Say',
  leave: 'Goodbye',
  you: 'You',
  thinking: 'thinking',
  fromModel: 'in the character’s own words, computed here',
  fromScript: 'written by the game',
  speed: (alone: string, sharing: string) => `Frames a second: ${alone} alone, ${sharing} while sharing`,
  unknownSpeed: '–',
  help: 'Arrow keys or WASD walk, E talks. Or tap where you want to go.',
} as const;
