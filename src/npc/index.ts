/**
 * Characters of games: a game tells about a moment of its world, a model answers, and only what the scene gives comes back.
 *
 * @example
 * const kit = createNpcKit({ complete });
 * const line = await kit.say({ character, facts, actions: ['talk'], turns: [], player: 'Where is the mill?' });
 * // { action: 'talk', say: 'The mill is by the river.', source: 'model', cites: [2], … }
 */
export { DEFAULT_BUDGET, type BudgetLimits } from './budget.ts';
export { DEFAULT_RULES, findFault, type Grounding, type ReplyFault, type ReplyRules } from './check-reply.ts';
export type { Complete, Completion, CompletionRequest } from './complete.ts';
export { NpcError, type NpcErrorCode, type NpcErrorDetails } from './errors.ts';
export { INTENTS, intentPrompt, type Intent } from './intent-prompt.ts';
export { EMPTY_MEMORY, parseMemory, remember, type NpcMemory } from './memory.ts';
export { createNpcKit, type NpcKit, type NpcKitInit, type NpcLine, type Refusal, type SayOptions } from './npc-kit.ts';
export { parseScene, SCENE_LIMITS } from './parse-scene.ts';
export type { PeerRecord } from './peer-record.ts';
export { LEAD, STOCK, type StockKind } from './phrases.ts';
export { readReply, scenePrompt, writeReply, type PromptMessage } from './scene-prompt.ts';
export { STYLES, type Character, type Scene, type SceneReply, type SceneTurn, type Style } from './scene.ts';
