import type { ReplyRules } from './check-reply.ts';
import { LEAD, STOCK } from './phrases.ts';
import { writeReply } from './scene-prompt.ts';
import { STYLES, type Scene } from './scene.ts';

/**
 * Every reply that `quoted` grounding can pass and that fits the character's way of speaking, as the model writes it: a
 * model held to this list cannot say anything else. Undefined where replies are free.
 */
export function allowedReplies(scene: Scene, rules: ReplyRules): string[] | undefined {
  if (rules.grounding !== 'quoted') return undefined;
  const { name, role, style: way } = scene.character;
  const style = STYLES.find((style) => style === way) ?? 'plain';
  const stock = Object.values(STOCK[style]).map((phrase) => phrase.replace('{self}', `I am ${name}, the ${role}.`));
  const said = [...scene.facts.map((fact) => LEAD[style] + fact), ...stock, ...rules.phrases];
  return scene.actions.flatMap((action) => said.map((say) => writeReply({ action, say })));
}
