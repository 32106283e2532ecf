import type { Scene, SceneReply } from './scene.ts';

/** A message of a chat, for the model's own chat template. */
export interface PromptMessage {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/**
 * The messages that ask a model for a character's reply. The built-in model is trained on exactly this form: facts are
 * short sentences behind a dash, close to the question, so that a small model can quote them word for word.
 */
export function scenePrompt({ character, facts, actions, turns, player }: Scene): PromptMessage[] {
  const { name, role, style } = character;
  const system = [
    `You are ${oneLine(name)}, the ${oneLine(role)}. You are ${oneLine(style)}.`,
    'Facts:',
    ...facts.map((fact) => `- ${oneLine(fact)}`),
    `Actions: ${actions.map(oneLine).join(', ')}`,
  ].join('\n');
  return [
    { role: 'system', content: system },
    ...turns.flatMap((turn): PromptMessage[] => [
      { role: 'user', content: oneLine(turn.player) },
      { role: 'assistant', content: writeReply(turn.reply) },
    ]),
    { role: 'user', content: oneLine(player) },
  ];
}

/** A reply as the model writes it: `action: what is said`. */
export function writeReply({ action, say }: SceneReply): string {
  return `${action}: ${oneLine(say)}`;
}

/** @returns undefined where the text is no reply in the form of `writeReply` */
export function readReply(text: string): SceneReply | undefined {
  const [, action, say] = /^([a-z][a-z0-9_-]{0,39}): ([^\n]+)$/.exec(text.trim()) ?? [];
  return action !== undefined && say !== undefined ? { action, say } : undefined;
}

/** What the game and the player write stays inside its line: no line ends, and no control token of the model. */
function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('<|', '< |').trim();
}
