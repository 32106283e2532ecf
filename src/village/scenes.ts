import type { NpcScene } from '../embed/index.ts';
import type { Quest, QuestStep, Stage } from './quest.ts';
import type { CharacterId } from './world.ts';

/** One exchange that a character remembers; the game keeps it, and hands it over each time. */
export interface Exchange {
  readonly player: string;
  readonly reply: { readonly action: string; readonly say: string };
}

const REMEMBERED = 2;

export const PEOPLE: Readonly<
  Record<CharacterId, { readonly name: string; readonly role: string; readonly style: string }>
> = {
  mara: { name: 'Mara', role: 'miller', style: 'warm' },
  orin: { name: 'Orin', role: 'smith', style: 'gruff' },
  pela: { name: 'Pela', role: 'shepherd', style: 'merry' },
};

/** What somebody knows at this point of the story: it is all that they can say. */
function factsOf(who: CharacterId, { stage }: Quest): string[] {
  const wantsMushrooms = stage !== 'done' && stage !== 'bring-bell';
  switch (who) {
    case 'mara':
      return [
        'The silver bell belongs to Mara.',
        'The iron forge is west of the stone well.',
        'The wooden bridge is near the old mill.',
      ];
    case 'orin':
      return [
        ...(wantsMushrooms ? ['The reward is the silver bell.'] : []),
        'The green field is south of the stone well.',
        'The silver bell belongs to Mara.',
      ];
    case 'pela':
      return [
        'The small basket belongs to Pela.',
        'The wolves hide behind the old tower.',
        'The iron forge is north of the green field.',
      ];
    default:
      return who satisfies never;
  }
}

/** The moment as the kit takes it. */
export function sceneFor(who: CharacterId, quest: Quest, turns: readonly Exchange[], player: string): NpcScene {
  return {
    character: PEOPLE[who],
    facts: factsOf(who, quest),
    actions: ['talk', 'wave'],
    turns: turns.slice(-REMEMBERED),
    player,
  };
}

/** What the player can ask: in the words that the built-in model knows best. */
export function questionsFor(who: CharacterId): readonly string[] {
  switch (who) {
    case 'mara':
      return ['Whose is the silver bell?', 'Where is the iron forge?'];
    case 'orin':
      return ['Whose is the silver bell?', 'Where is the green field?'];
    case 'pela':
      return ['Whose is the small basket?', 'Are there wolves here?'];
    default:
      return who satisfies never;
  }
}

/** What the player says with a step of the quest, and the words of the game's writers for it. */
export const STEP_LINES: Readonly<Record<QuestStep, { readonly player: string; readonly script: string }>> = {
  promise: {
    player: 'I will bring you the silver bell.',
    script: 'Bless you! Orin took my silver bell to mend it. Without it there is no harvest evening.',
  },
  'ask-bell': {
    player: 'Mara sends me for the silver bell.',
    script: 'It is mended. Bring me 3 mushrooms for my supper and it is yours. Pela has a basket.',
  },
  'borrow-basket': {
    player: 'May I borrow your basket, Pela?',
    script: 'Ha! Take it. Mushrooms like corners: look north-west, far south, and over the river.',
  },
  'give-mushrooms': {
    player: 'Here are your 3 mushrooms.',
    script: 'Hm. Good ones. Here is the bell. Carry it with both hands.',
  },
  'give-bell': {
    player: 'Here is your silver bell, Mara.',
    script: 'Hear it ring! Tonight the whole village dances, and you lead the round.',
  },
};

/** Lines of the game's writers for questions and small talk, where no model may or can speak. */
export function scriptFor(who: CharacterId, { stage }: Quest, question: string | undefined): readonly string[] {
  const answer = question === undefined ? undefined : ANSWERS[question];
  return answer ? [answer] : who === 'mara' && stage === 'done' ? [FEAST] : GREETINGS[who](stage);
}

const FEAST = 'Listen, the bell! Come and dance, my friend.';
const ANSWERS: Readonly<Record<string, string>> = {
  'Whose is the silver bell?': 'Mara’s, and her grandmother’s before her. Orin has it on his bench.',
  'Where is the iron forge?': 'Over the bridge, past the well, where the smoke is.',
  'Where is the green field?': 'South of the well. Follow the bleating.',
  'Whose is the small basket?': 'Mine! I wove it when the sheep slept.',
  'Are there wolves here?': 'Ha! Only behind the old tower, and they are shy.',
};
const GREETINGS: Readonly<Record<CharacterId, (stage: Stage) => readonly string[]>> = {
  mara: (stage) =>
    stage === 'begin'
      ? ['Welcome, my friend. I am Mara, the miller. Tonight is the harvest evening, and my silver bell is gone.']
      : ['Good to see you, my friend.', 'The mill turns, and I think of my bell.'],
  orin: () => ['What do you want? I am Orin, the smith.', 'The iron gets cold while you talk.'],
  pela: () => ['Ha, a new face! I am Pela, the shepherd.', 'Mind the sheep, they mind you too.'],
};
