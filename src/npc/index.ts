/**
 * Characters of games: what a game tells about a moment of its world, and the prompts that are made of it.
 *
 * @example
 * const messages = scenePrompt({ character, facts, actions, turns: [], player: 'Where is the mill?' });
 * const reply = readReply(answer); // { action: 'talk', say: 'The mill is by the river.' }
 */
export { INTENTS, intentPrompt, type Intent } from './intent-prompt.ts';
export { readReply, scenePrompt, writeReply, type PromptMessage } from './scene-prompt.ts';
export { STYLES, type Character, type Scene, type SceneReply, type SceneTurn, type Style } from './scene.ts';
