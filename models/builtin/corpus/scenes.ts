import { shuffled, type Random } from '../../../src/base/random.ts';
import {
  LEAD,
  STOCK,
  STYLES,
  type Scene,
  type SceneReply,
  type SceneTurn,
  type StockKind,
  type Style,
} from '../../../src/npc/index.ts';
import { FACT_KINDS, makeFact, type Fact, type FactKind } from './facts.ts';
import { dress, playerMessage, tradeMessage, type MessageInit } from './messages.ts';
import { createNamer, type Split } from './names.ts';
import { ACTION_OF, ACTIONS } from './replies.ts';
import { ROLES } from './words.ts';

/** A moment of the village and what the character should do and say. */
export interface WrittenScene {
  readonly scene: Scene;
  readonly reply: SceneReply;
  /** What the player was up to. */
  readonly purpose: Purpose;
  /** The fact that the reply quotes, where there is one. */
  readonly quoted: string | undefined;
}

/** How often what happens in a turn: most of all questions, since quoting is what has to be learnt. */
const PURPOSES = [
  ['fact', 44],
  ['unknown', 9],
  ['greet', 6],
  ['sale', 7],
  ['no-sale', 3],
  ['work', 5],
  ['no-work', 3],
  ['accept', 3],
  ['decline', 3],
  ['thanks', 3],
  ['farewell', 3],
  ['threat', 4],
  ['trick', 4],
  ['other', 4],
] as const;
export type Purpose = (typeof PURPOSES)[number][0];
const PURPOSE_SUM = PURPOSES.reduce((sum, [, weight]) => sum + weight, 0);

/** Stock replies → what the player means. */
const INTENT_OF = {
  greet: 'greet',
  accept: 'accept',
  decline: 'decline',
  thanks: 'thanks',
  farewell: 'farewell',
  threat: 'threat',
  trick: 'trick',
  other: 'other',
} as const;

/** Draws a scene of `turns` exchanges; the last one is asked, those before it are told. */
export function writeScene(random: Random, split: Split, turns: number): WrittenScene {
  const namer = createNamer(random, split);
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)] as T;
  const init: MessageInit = { random, namer, split };
  const character = { name: namer.person(), role: pick(ROLES), style: pick(STYLES) };
  const facts = drawFacts(random, init, 2 + random.below(6));
  const actions = shuffled(['talk', ...shuffled(ACTIONS.slice(1), random).slice(0, 2 + random.below(4))], random);
  const self = `I am ${character.name}, the ${character.role}.`;
  const told: SceneTurn[] = [];
  for (let turn = 1; ; turn++) {
    const { player, purpose, quoted } = drawTurn(init, facts);
    const say = quoted ? LEAD[character.style] + quoted : stock(character.style, purpose, self);
    const wanted = ACTION_OF[purpose];
    const reply = { action: actions.includes(wanted) ? wanted : 'talk', say };
    if (turn === turns) {
      const scene = { character, facts: facts.map(({ text }) => text), actions, turns: told, player };
      return { scene, reply, purpose, quoted };
    }
    told.push({ player, reply });
  }
}

function stock(style: Style, purpose: Purpose, self: string): string {
  return STOCK[style][purpose as StockKind].replace('{self}', self);
}

function drawFacts(random: Random, { namer }: MessageInit, count: number): Fact[] {
  const facts = new Map<string, Fact>();
  const kinds = shuffled([...FACT_KINDS, ...FACT_KINDS], random);
  for (const kind of kinds) {
    const fact = makeFact(kind, random, namer);
    if (facts.size < count && !facts.has(fact.key)) facts.set(fact.key, fact);
  }
  return [...facts.values()];
}

interface Turn {
  readonly player: string;
  readonly purpose: Purpose;
  readonly quoted: string | undefined;
}

/** A turn that these facts allow. */
function drawTurn(init: MessageInit, facts: readonly Fact[]): Turn {
  const { random, namer } = init;
  const pick = <T>(list: readonly T[]): T => list[random.below(list.length)] as T;
  const of = (kind: FactKind) => facts.filter((fact) => fact.kind === kind);
  for (;;) {
    const purpose = drawPurpose(random);
    if (purpose === 'fact') {
      const fact = pick(facts);
      return { purpose, player: dress(pick(fact.questions), init), quoted: fact.text };
    }
    if (purpose === 'unknown') {
      const kind = pick(FACT_KINDS);
      const fact = makeFact(kind, random, namer);
      const isOpen = kind === 'reward' && of('reward').length > 0;
      if (isOpen || facts.some(({ key }) => key === fact.key)) continue;
      return { purpose, player: dress(pick(fact.questions), init), quoted: undefined };
    }
    if (purpose === 'sale') {
      const fact = of('price')[0];
      if (fact) return { purpose, player: tradeMessage(fact.key, init), quoted: fact.text };
    } else if (purpose === 'no-sale') {
      const item = namer.item();
      if (facts.every(({ key }) => key !== item))
        return { purpose, player: tradeMessage(item, init), quoted: undefined };
    } else if (purpose === 'work') {
      const fact = of('need')[0];
      if (fact) return { purpose, player: playerMessage('quest', init), quoted: fact.text };
    } else if (purpose === 'no-work') {
      if (of('need').length === 0) return { purpose, player: playerMessage('quest', init), quoted: undefined };
    } else {
      return { purpose, player: playerMessage(INTENT_OF[purpose], init), quoted: undefined };
    }
  }
}

function drawPurpose(random: Random): Purpose {
  let at = random.below(PURPOSE_SUM);
  for (const [purpose, weight] of PURPOSES) {
    at -= weight;
    if (at < 0) return purpose;
  }
  return 'fact';
}
