import { HEIGHT, isOpen, WIDTH, type Place } from './world.ts';

const STEPS = [
  { x: 0, y: -1 },
  { x: 1, y: 0 },
  { x: 0, y: 1 },
  { x: -1, y: 0 },
] as const;

/**
 * The shortest way over open tiles, by breadth-first search; the start is not part of it.
 *
 * @param goal if one cannot stand there, the way ends beside it
 * @returns empty where one is there already, undefined where no way leads
 */
export function findPath(from: Place, goal: Place): Place[] | undefined {
  const isGoal = (place: Place) =>
    (place.x === goal.x && place.y === goal.y) ||
    (!isOpen(goal) && Math.abs(place.x - goal.x) + Math.abs(place.y - goal.y) === 1);
  const before = new Map<number, Place | undefined>([[from.x + from.y * WIDTH, undefined]]);
  const edge: Place[] = [from];
  for (let at = 0; at < edge.length && at < WIDTH * HEIGHT; at++) {
    const place = edge[at];
    if (!place) break;
    if (isGoal(place)) return trace(place, before);
    for (const step of STEPS) {
      const next = { x: place.x + step.x, y: place.y + step.y };
      const key = next.x + next.y * WIDTH;
      if (before.has(key) || !isOpen(next)) continue;
      before.set(key, place);
      edge.push(next);
    }
  }
  return undefined;
}

function trace(end: Place, before: ReadonlyMap<number, Place | undefined>): Place[] {
  const path: Place[] = [];
  for (let place: Place | undefined = end; place; place = before.get(place.x + place.y * WIDTH)) path.unshift(place);
  return path.slice(1);
}
