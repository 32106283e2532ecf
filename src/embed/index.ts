/**
 * Starling in other people's pages: a script tag that shows a badge, a frame of Starling's own that asks the person, and
 * characters that talk once the person has agreed.
 *
 * @module embed
 */
export type { AskOptions, EmbedEvents, EmbedProblem, EmbedSayOptions, EmbedState, StarlingApi } from './api.ts';
export { completeOnNode, type ChattingNode } from './complete-on-node.ts';
export { EmbedError, type EmbedErrorCode } from './errors.ts';
export type { Scene as NpcScene } from '../npc/index.ts';
