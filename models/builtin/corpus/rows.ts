import { createRandom } from '../../../src/base/random.ts';
import { INTENTS, intentPrompt, scenePrompt, writeReply, type PromptMessage } from '../../../src/npc/index.ts';
import { writeInstruction } from './instructions.ts';
import { playerMessage } from './messages.ts';
import { createNamer, type Split } from './names.ts';
import { writeScene } from './scenes.ts';

/** One conversation of the corpus; what the assistant says is what is learnt. */
export interface CorpusRow {
  readonly messages: readonly PromptMessage[];
}

/** Of 20 rows so many are scenes and intents; the rest are instructions. */
const SCENES = 10;
const INTENT_ROWS = 4;
/** The first rows are mostly instructions: copying is learnt from them, and everything else stands on it. */
const FIRST_ROWS = 3_000;
const MAX_TURNS = 4;

/** Row `index` of the corpus of `seed`: any row can be made alone, in any order, and is always the same. */
export function corpusRow(seed: number, index: number, split: Split): CorpusRow {
  const random = createRandom(Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b));
  const kind = index < FIRST_ROWS && random.below(2) === 0 ? 19 : random.below(20);
  if (kind < SCENES) {
    const { scene, reply } = writeScene(random, split, 2 + random.below(MAX_TURNS));
    return { messages: [...scenePrompt(scene), { role: 'assistant', content: writeReply(reply) }] };
  }
  if (kind >= SCENES + INTENT_ROWS) return { messages: writeInstruction(random, split) };
  const intent = INTENTS[random.below(INTENTS.length)] ?? 'other';
  const player = playerMessage(intent, { random, split, namer: createNamer(random, split) });
  return { messages: [...intentPrompt(player), { role: 'assistant', content: intent }] };
}
