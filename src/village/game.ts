import { DAY_MINUTES, DAY_MS } from './daylight.ts';
import { findPath } from './find-path.ts';
import { NEW_QUEST, pick, type Quest } from './quest.ts';
import { CHARACTER_IDS, CHARACTERS, isOpen, MUSHROOMS, START, type CharacterId, type Place } from './world.ts';

export type Facing = 'north' | 'east' | 'south' | 'west';

/** Everything that is true in the village now. Drawing reads it, the player's hands change it, characters never do. */
export interface Game {
  /** Where the player is, in tiles; between two of them while walking. */
  readonly at: Place;
  readonly facing: Facing;
  /** Tiles still to walk, the next one first. */
  readonly path: readonly Place[];
  /** Whoever the player walks to, to talk. */
  readonly meeting: CharacterId | undefined;
  readonly quest: Quest;
  /** Minute of the day. */
  readonly minute: number;
}

export const NEW_GAME: Game = {
  at: START,
  facing: 'south',
  path: [],
  meeting: undefined,
  quest: NEW_QUEST,
  minute: 15 * 60,
};

const TILES_PER_SECOND = 5;
/** A tab that was hidden does not jump through the village when it is back. */
const LONGEST_STEP_MS = 100;

export const STEP_OF: Readonly<Record<Facing, Place>> = {
  north: { x: 0, y: -1 },
  east: { x: 1, y: 0 },
  south: { x: 0, y: 1 },
  west: { x: -1, y: 0 },
};

/** @param held the direction that the player holds, which wins over a way that was begun */
export function advance(game: Game, elapsedMs: number, held: Facing | undefined): Game {
  const ms = Math.min(elapsedMs, LONGEST_STEP_MS);
  const minute = (game.minute + (ms / DAY_MS) * DAY_MINUTES) % DAY_MINUTES;
  let next: Game = { ...game, minute };
  let tiles = (ms / 1_000) * TILES_PER_SECOND;
  [next, tiles] = walk(steer(next, held), tiles);
  // What is left of a step goes into the next tile, or walking would stumble at every one.
  if (held && tiles > 0) [next] = walk(steer(next, held), tiles);
  return pickUp(next);
}

/** Walks to a place, or up to a character. */
export function walkTo(game: Game, goal: Place, meeting?: CharacterId): Game {
  const from = tileOf(game);
  const path = findPath(from, goal);
  if (!path) return game;
  // Between two tiles one finishes the step first.
  const isBetween = game.at.x !== from.x || game.at.y !== from.y;
  return { ...game, path: isBetween ? [from, ...path] : path, meeting };
}

/** Whoever stands beside the player, looked at first. */
export function neighbourOf(game: Game): CharacterId | undefined {
  const here = tileOf(game);
  const ahead = STEP_OF[game.facing];
  const near = CHARACTER_IDS.filter((id) => distance(CHARACTERS[id], here) === 1);
  return near.find((id) => CHARACTERS[id].x === here.x + ahead.x && CHARACTERS[id].y === here.y + ahead.y) ?? near[0];
}

/** The character that the player has just come up to, on purpose. */
export function arrivedAt(game: Game): CharacterId | undefined {
  return game.meeting && game.path.length === 0 && neighbourOf(game) === game.meeting ? game.meeting : undefined;
}

export function tileOf({ at, path }: Game): Place {
  // While walking, the tile ahead counts: it is where the next way begins.
  return path[0] ?? { x: Math.round(at.x), y: Math.round(at.y) };
}

function distance(a: Place, b: Place): number {
  return Math.abs(a.x - b.x) + Math.abs(a.y - b.y);
}

function ahead({ at }: Game, facing: Facing): Place {
  return { x: at.x + STEP_OF[facing].x, y: at.y + STEP_OF[facing].y };
}

/** A held direction adds one tile whenever the last is reached. */
function steer(game: Game, held: Facing | undefined): Game {
  if (!held) return game;
  const isBetween = !Number.isInteger(game.at.x) || !Number.isInteger(game.at.y);
  const first = game.path[0];
  if (isBetween && first) return { ...game, path: [first], meeting: undefined };
  const next = ahead(game, held);
  return { ...game, facing: held, path: isOpen(next) ? [next] : [], meeting: undefined };
}

/** @returns what of `tiles` was not walked, too */
function walk(game: Game, tiles: number): [Game, number] {
  let { at, facing, path } = game;
  let left = tiles;
  while (left > 0) {
    const [next, ...rest] = path;
    if (!next) break;
    const [dx, dy] = [next.x - at.x, next.y - at.y];
    const away = Math.abs(dx) + Math.abs(dy);
    if (away > 0) facing = dx > 0 ? 'east' : dx < 0 ? 'west' : dy > 0 ? 'south' : 'north';
    if (away <= left) {
      at = next;
      path = rest;
      left -= away;
    } else {
      at = { x: at.x + Math.sign(dx) * left, y: at.y + Math.sign(dy) * left };
      left = 0;
    }
  }
  const met = game.meeting && path.length === 0 ? CHARACTERS[game.meeting] : undefined;
  if (met && distance(met, at) === 1) {
    facing = met.x > at.x ? 'east' : met.x < at.x ? 'west' : met.y > at.y ? 'south' : 'north';
  }
  return [{ ...game, at, facing, path }, left];
}

function pickUp(game: Game): Game {
  const mushroom = MUSHROOMS.findIndex((place) => distance(place, game.at) < 0.5);
  const quest = mushroom < 0 ? game.quest : pick(game.quest, mushroom);
  return quest === game.quest ? game : { ...game, quest };
}
