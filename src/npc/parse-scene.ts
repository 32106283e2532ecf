import { array, maxLength, minLength, nonEmpty, object, pipe, regex, safeParse, string, trim } from 'valibot';
import type { BaseIssue } from 'valibot';
import { NpcError } from './errors.ts';
import type { Scene } from './scene.ts';

/** What a prompt of the built-in model holds (512 tokens) with room for the answer, with a little to spare. */
export const SCENE_LIMITS = {
  nameChars: 60,
  facts: 16,
  factChars: 160,
  actions: 16,
  turns: 8,
  sayChars: 400,
  playerChars: 400,
} as const;

const text = (chars: number) => pipe(string(), trim(), nonEmpty(), maxLength(chars));
const action = pipe(string(), regex(/^[a-z][a-z0-9_-]{0,39}$/, 'an action is lower case: a-z, 0-9, _ and -'));
export const replySchema = object({ action, say: text(SCENE_LIMITS.sayChars) });
export const turnSchema = object({ player: text(SCENE_LIMITS.playerChars), reply: replySchema });

const sceneSchema = object({
  character: object({
    name: text(SCENE_LIMITS.nameChars),
    role: text(SCENE_LIMITS.nameChars),
    style: text(SCENE_LIMITS.nameChars),
  }),
  facts: pipe(array(text(SCENE_LIMITS.factChars)), maxLength(SCENE_LIMITS.facts)),
  actions: pipe(array(action), minLength(1), maxLength(SCENE_LIMITS.actions)),
  turns: pipe(array(turnSchema), maxLength(SCENE_LIMITS.turns)),
  player: text(SCENE_LIMITS.playerChars),
});

/**
 * A scene as a game handed it over, checked; unknown keys are dropped.
 *
 * @throws {NpcError} `scene-invalid`, `scene-too-large`, `scene-contradictory`
 */
export function parseScene(value: unknown): Scene {
  const parsed = safeParse(sceneSchema, value, { abortEarly: true });
  if (!parsed.success) throw faultOf(parsed.issues[0]);
  refuseContradictions(parsed.output.facts);
  return parsed.output;
}

function faultOf(issue: BaseIssue<unknown>): NpcError {
  const path = (issue.path ?? []).map(({ key }) => String(key)).join('.') || 'scene';
  if (issue.type !== 'max_length')
    return new NpcError('scene-invalid', `scene: ${path}: ${issue.message}`, { path }, { cause: issue });
  const [value, limit] = [(issue.input as { length: number }).length, issue.requirement as number];
  return new NpcError('scene-too-large', `scene: ${path} has ${value}, at most ${limit} fit; leave some out`, {
    path,
    value,
    limit,
  });
}

/** Only what can be told without understanding: the same sentence with other numbers, or with and without "not". */
function refuseContradictions(facts: readonly string[]): void {
  const seen = new Map<string, { readonly fact: string; readonly at: number }>();
  for (const [at, fact] of facts.entries()) {
    const gist = fact
      .toLowerCase()
      .replaceAll(/\d+/g, '#')
      .replaceAll(/\bnot\s+/g, '')
      .replaceAll(/\s+/g, ' ');
    const before = seen.get(gist);
    if (before && before.fact.toLowerCase() !== fact.toLowerCase())
      throw new NpcError(
        'scene-contradictory',
        `scene: facts ${before.at} and ${at} contradict each other: "${before.fact}" / "${fact}"; keep one`,
        { path: `facts.${at}` },
      );
    seen.set(gist, { fact, at });
  }
}
