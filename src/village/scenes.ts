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
  const isOver = stage === 'done';
  const wantsMushrooms = !isOver && stage !== 'bring-bell';
  switch (who) {
    case 'mara':
      return [
        'The silver bell belongs to Mara.',
        isOver ? 'The silver bell is hidden in the old mill.' : 'Orin is the smith.',
        'Orin lives west of the stone well.',
        'The old mill opens at dawn.',
        'The wooden bridge is west of the old mill.',
      ];
    case 'orin':
      return [
        ...(wantsMushrooms ? ['Orin needs 3 mushrooms.', 'The reward is the silver bell.'] : ['Mara is the miller.']),
        'Pela lives south of the stone well.',
        'The iron hammer costs 20 coins.',
        'Mara lives beside the old mill.',
      ];
    case 'pela':
      return [
        'The small basket belongs to Pela.',
        'The wolves hide behind the old tower.',
        'Orin lives beside the iron forge.',
        'The green field is west of the small hut.',
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
export function questionsFor(who: CharacterId, { stage }: Quest): readonly string[] {
  switch (who) {
    case 'mara':
      return ['Whose is the silver bell?', 'Where does Orin live?'];
    case 'orin':
      return stage === 'seek-pela' || stage === 'gather'
        ? ['What does Orin need?', 'Where does Pela live?']
        : ['How much is the iron hammer?', 'Where does Pela live?'];
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
  'Whose is the silver bell?': 'It was my grandmother’s, and it is mine. Orin has it on his bench.',
  'Where does Orin live?': 'Over the bridge, past the well, where the smoke is.',
  'What does Orin need?': '3 mushrooms. I said so.',
  'Where does Pela live?': 'South of the well. Follow the bleating.',
  'How much is the iron hammer?': '20 coins, and it will outlive you.',
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
