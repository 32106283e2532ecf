/** Who speaks, as the game describes the character. */
export interface Character {
  readonly name: string;
  /** Trade or place in the world, e.g. "smith". */
  readonly role: string;
  /** A word for how the character speaks; the built-in model knows those of `STYLES`. */
  readonly style: string;
}

/** Something said before, oldest first. */
export interface SceneTurn {
  readonly player: string;
  readonly reply: SceneReply;
}

/** Everything that a character may know and do now. The game owns the world: what is not here does not exist. */
export interface Scene {
  readonly character: Character;
  /** One sentence each. The game's memory of earlier meetings belongs here too: it is a fact like any other. */
  readonly facts: readonly string[];
  /** Names of what the character may do; `talk` should be among them. */
  readonly actions: readonly string[];
  readonly turns: readonly SceneTurn[];
  /** What the player says now. */
  readonly player: string;
}

/** What a character does and says. */
export interface SceneReply {
  readonly action: string;
  readonly say: string;
}

/** The ways of speaking that the built-in model has learnt. */
export const STYLES = ['plain', 'warm', 'gruff', 'merry'] as const;
export type Style = (typeof STYLES)[number];
