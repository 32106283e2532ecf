/**
 * `npm run evaluate:builtin -- [FILE.gguf] [--examples N]`: held-out accuracy of the built-in model, by our own engine
 * under Node and Dawn.
 */
import { readFile } from 'node:fs/promises';
import { copyBytes } from '../../src/base/bytes.ts';
import { openDawn } from '../../src/headless/index.ts';
import { evaluateNpc } from './evaluate-npc.ts';
import { evaluateIntents, evaluateScenes, openModel } from './evaluate-model.ts';

/** Neither seed is the corpus's. */
const SEED = 20_261_121;
const SCENES = 200;
const NPC_SCENES = 300;
const PER_INTENT = 20;

const [file = 'public/models/starling-builtin.gguf', ...options] = process.argv.slice(2);
const shown = options[0] === '--examples' ? Number(options[1]) : 0;
const model = await openModel(await openDawn(), copyBytes(await readFile(file)));
const { examples, ...scenes } = await evaluateScenes(model, SCENES, SEED);
for (const { player, answer, fault } of examples.slice(0, shown))
  console.log(`${player}\n  → ${answer}${fault ? `   ${JSON.stringify(fault)}` : ''}`);
console.log(JSON.stringify({ scenes }));
console.log(JSON.stringify({ intents: await evaluateIntents(model, PER_INTENT, SEED) }));
for (const isHeld of [false, true])
  console.log(JSON.stringify({ npc: { isHeld, ...(await evaluateNpc(model, NPC_SCENES, SEED, isHeld)) } }));
process.exit(0);
