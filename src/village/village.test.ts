import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DEFAULT_RULES, findFault, parseScene } from '../npc/index.ts';
import { clockText, DAY_MINUTES, daylightAt } from './daylight.ts';
import { findPath } from './find-path.ts';
import { advance, arrivedAt, neighbourOf, NEW_GAME, walkTo, type Facing, type Game } from './game.ts';
import { goalOf, NEW_QUEST, pick, STAGES, stepWith, takeStep, type Quest, type QuestStep } from './quest.ts';
import { questionsFor, sceneFor, scriptFor, STEP_LINES } from './scenes.ts';
import {
  BUILDINGS,
  CHARACTER_IDS,
  CHARACTERS,
  HEIGHT,
  isOpen,
  LANTERNS,
  MUSHROOMS,
  SHEEP,
  START,
  tileAt,
  WIDTH,
} from './world.ts';

const FRAME_MS = 16;
const play = (game: Game, ms: number, held?: Facing): Game => {
  let now = game;
  for (let t = 0; t < ms; t += FRAME_MS) now = advance(now, FRAME_MS, held);
  return now;
};

test('the map is whole: closed at its edge, buildings on their walls, and everybody can be reached', () => {
  for (let x = 0; x < WIDTH; x++) {
    for (let y = 0; y < HEIGHT; y++) {
      const isEdge = x === 0 || y === 0 || x === WIDTH - 1 || y === HEIGHT - 1;
      if (isEdge) expect([x, y, isOpen({ x, y })]).toEqual([x, y, false]);
      const isBuilt = BUILDINGS.some(
        (each) => x >= each.x && x < each.x + each.width && y >= each.y && y < each.y + each.height,
      );
      expect([x, y, tileAt({ x, y }) === 'wall']).toEqual([x, y, isBuilt]);
    }
  }
  for (const place of [...Object.values(CHARACTERS), ...MUSHROOMS]) expect(findPath(START, place)).toBeDefined();
  for (const place of [...Object.values(CHARACTERS), ...LANTERNS, ...SHEEP]) expect(isOpen(place)).toBe(false);
});

test('ways are the shortest there are, over open tiles, one step at a time', () => {
  expect(findPath(START, START)).toEqual([]);
  expect(findPath(START, { x: 5, y: 5 })).toBeUndefined();
  const open = fc.record({ x: fc.nat(WIDTH - 1), y: fc.nat(HEIGHT - 1) }).filter(isOpen);
  fc.assert(
    fc.property(open, open, (from, goal) => {
      const there = findPath(from, goal);
      expect(there?.length).toBe(findPath(goal, from)?.length);
      let before = from;
      for (const place of there ?? []) {
        expect(isOpen(place)).toBe(true);
        expect(Math.abs(place.x - before.x) + Math.abs(place.y - before.y)).toBe(1);
        before = place;
      }
    }),
  );
});

test('however the player wanders, it never stands in a wall, and time goes on', () => {
  const keys = fc.constantFrom<Facing | undefined>('north', 'east', 'south', 'west', undefined);
  fc.assert(
    fc.property(fc.array(fc.tuple(keys, fc.nat(400)), { maxLength: 30 }), (moves) => {
      let game = NEW_GAME;
      for (const [held, ms] of moves) {
        game = play(game, ms, held);
        const tiles = [Math.floor, Math.ceil].map((round) => ({ x: round(game.at.x), y: round(game.at.y) }));
        for (const tile of tiles) expect([tile, isOpen(tile)]).toEqual([tile, true]);
        expect(game.minute >= 0 && game.minute < DAY_MINUTES).toBe(true);
      }
    }),
    { numRuns: 50 },
  );
  // Five tiles a second, also over many tiles.
  expect(play({ ...NEW_GAME, at: { x: 13, y: 12 } }, 1_008, 'east').at.x).toBeCloseTo(18, 0);
  expect(advance(NEW_GAME, 60_000, undefined).minute).toBeLessThan(NEW_GAME.minute + 2);
});

test('a quest is finished by walking to whoever it waits for and taking the step', () => {
  let game = NEW_GAME;
  const stages = new Set([game.quest.stage]);
  for (let i = 0; i < 20 && game.quest.stage !== 'done'; i++) {
    const goal = goalOf(game.quest);
    if (goal === undefined) break;
    if (goal === 'mushrooms') {
      const next = MUSHROOMS.find((_, at) => !game.quest.picked.includes(at));
      game = play(walkTo(game, next ?? START), 12_000);
    } else {
      game = play(walkTo(game, CHARACTERS[goal], goal), 12_000);
      expect(arrivedAt(game)).toBe(goal);
      expect(neighbourOf(game)).toBe(goal);
      const step = stepWith(game.quest, goal);
      if (step) game = { ...game, meeting: undefined, quest: takeStep(game.quest, step) };
    }
    stages.add(game.quest.stage);
  }
  expect([...stages]).toEqual([...STAGES]);
});

test('no step is taken out of turn, no mushroom twice or without the basket', () => {
  expect(takeStep(NEW_QUEST, 'give-bell')).toEqual(NEW_QUEST);
  expect(pick(NEW_QUEST, 0)).toEqual(NEW_QUEST);
  const gathering: Quest = { stage: 'gather', picked: [1] };
  expect(pick(gathering, 1)).toBe(gathering);
  expect(pick(gathering, 7)).toBe(gathering);
  expect(pick(pick(gathering, 0), 2)).toEqual({ stage: 'bring-mushrooms', picked: [1, 0, 2] });
});

test('every scene of the game is one that the kit takes, and every question is answered by the script', () => {
  for (const stage of STAGES) {
    for (const who of CHARACTER_IDS) {
      const quest: Quest = { stage, picked: [] };
      const step = stepWith(quest, who);
      const said = [...questionsFor(who), 'Good day to you.', ...(step ? [STEP_LINES[step].player] : [])];
      for (const player of said) {
        const scene = sceneFor(who, quest, [], player);
        expect(parseScene(scene)).toEqual(scene);
      }
      for (const question of questionsFor(who)) expect(scriptFor(who, quest, question)).toHaveLength(1);
      expect(scriptFor(who, quest, undefined).length).toBeGreaterThan(0);
    }
  }
  const scene = sceneFor('orin', NEW_QUEST, [], 'Whose is the silver bell?');
  expect(
    findFault(scene, { action: 'talk', say: 'Hm. The silver bell belongs to Mara.' }, DEFAULT_RULES),
  ).toBeUndefined();
  for (const step of Object.keys(STEP_LINES) as QuestStep[]) expect(STEP_LINES[step].script.length).toBeLessThan(240);
});

test('it is light at noon, dark at midnight, and never jumps between', () => {
  expect(daylightAt(12 * 60)).toEqual({ name: 'day', darkness: 0, glow: 0 });
  expect(daylightAt(0)).toEqual({ name: 'night', darkness: 1, glow: 0 });
  expect(daylightAt(6 * 60).name).toBe('dawn');
  expect(daylightAt(19 * 60).name).toBe('dusk');
  for (let minute = 0; minute < DAY_MINUTES; minute++) {
    const [now, next] = [daylightAt(minute), daylightAt((minute + 1) % DAY_MINUTES)];
    expect(Math.abs(now.darkness - next.darkness)).toBeLessThan(0.02);
  }
  expect(clockText(425.9)).toBe('07:05');
});
