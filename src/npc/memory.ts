import { array, maxLength, object, pipe, safeParse } from 'valibot';
import { NpcError } from './errors.ts';
import { SCENE_LIMITS, turnSchema } from './parse-scene.ts';
import type { SceneTurn } from './scene.ts';

/**
 * What a character remembers of a player: a plain value that the game keeps with its saved state and hands back as the
 * scene's `turns`. The kit keeps nothing of its own.
 */
export interface NpcMemory {
  /** Oldest first. */
  readonly turns: readonly SceneTurn[];
}

export const EMPTY_MEMORY: NpcMemory = { turns: [] };

const memorySchema = object({ turns: pipe(array(turnSchema), maxLength(SCENE_LIMITS.turns)) });

/** The memory after an exchange; the oldest is forgotten first. @param keep exchanges kept, at most `SCENE_LIMITS.turns` */
export function remember({ turns }: NpcMemory, turn: SceneTurn, keep = 3): NpcMemory {
  return { turns: [...turns, turn].slice(-Math.min(keep, SCENE_LIMITS.turns)) };
}

/** A memory read from a saved game. @throws {NpcError} `memory-invalid` */
export function parseMemory(value: unknown): NpcMemory {
  const parsed = safeParse(memorySchema, value, { abortEarly: true });
  if (parsed.success) return parsed.output;
  throw new NpcError('memory-invalid', `memory: ${parsed.issues[0].message}; begin with an empty one`, {});
}
