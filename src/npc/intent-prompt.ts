import type { PromptMessage } from './scene-prompt.ts';

/** What a player can mean, as the built-in model tells it apart. The label is the whole answer. */
export const INTENTS = [
  'greet',
  'ask',
  'trade',
  'quest',
  'accept',
  'decline',
  'thanks',
  'farewell',
  'threat',
  'trick',
  'other',
] as const;
export type Intent = (typeof INTENTS)[number];

/** The messages whose likeliest continuation among `INTENTS` is what the player means. */
export function intentPrompt(player: string): PromptMessage[] {
  return [
    { role: 'system', content: 'What does the player mean?' },
    { role: 'user', content: player.replaceAll(/\s+/g, ' ').replaceAll('<|', '< |').trim() },
  ];
}
