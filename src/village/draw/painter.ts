import { daylightAt } from '../daylight.ts';
import type { Game } from '../game.ts';
import { goalOf } from '../quest.ts';
import {
  BUILDINGS,
  CHARACTER_IDS,
  CHARACTERS,
  HEIGHT,
  LANTERNS,
  MUSHROOMS,
  SHEEP,
  tileAt,
  WIDTH,
  type Place,
} from '../world.ts';
import { ellipse, grain, polygon, sheet, type Brush } from './brush.ts';
import { drawBuilding } from './buildings.ts';
import { drawGround, drawRipples } from './ground.ts';
import { createNight, type View } from './light.ts';
import { PALETTE } from './palette.ts';
import { drawPerson } from './people.ts';
import { drawLantern, drawMushroom, drawPine, drawSheep, drawTree, drawWell } from './things.ts';

export interface Painter {
  /**
   * @param tMs of what moves by itself; always the same where motion is unwanted
   * @param isTalking the lower half is covered, so the player is shown above it
   */
  paint(game: Game, tMs: number, isTalking: boolean): void;
  /** The tile under a point of the canvas, in CSS pixels. */
  tileUnder(x: number, y: number): Place;
}

/** Something upright: what stands further south is drawn later, and so in front. */
interface Standing {
  readonly foot: Place;
  readonly draw: (brush: Brush) => void;
}

/** Pixels of a tile in pictures that are drawn once. */
const SHEET_PIXELS = 48;
const [FEWEST, MOST] = [11, 24];
const TREE_KINDS = [
  { kind: drawTree, size: 1.05 },
  { kind: drawTree, size: 1.25 },
  { kind: drawPine, size: 1.15 },
  { kind: drawPine, size: 0.95 },
] as const;

export function createPainter(canvas: HTMLCanvasElement): Painter {
  const brush = canvas.getContext('2d');
  if (!brush) throw new TypeError('village: this browser has no 2D canvas');
  const ground = sheet(WIDTH, HEIGHT, SHEET_PIXELS, drawGround);
  const trees = TREE_KINDS.map(({ kind, size }) =>
    sheet(2, 2.4, SHEET_PIXELS, (each) => {
      each.translate(1, 2.1);
      kind(each, size);
    }),
  );
  const forest = allTrees(trees);
  const layNight = createNight();
  let view: View = { left: 0, top: 0, tile: SHEET_PIXELS };

  return {
    paint(game, tMs, isTalking) {
      fitToScreen(canvas);
      view = lookAt(game.at, canvas, isTalking);
      const { left, top, tile } = view;
      brush.setTransform(1, 0, 0, 1, 0, 0);
      brush.fillStyle = PALETTE.leafDark;
      brush.fillRect(0, 0, canvas.width, canvas.height);
      brush.setTransform(tile, 0, 0, tile, -left * tile, -top * tile);
      brush.drawImage(ground, 0, 0, WIDTH, HEIGHT);
      drawRipples(brush, tMs);
      const { darkness } = daylightAt(game.minute);
      const standing = [...forest, ...thingsOf(game, darkness, tMs)].filter(({ foot }) => isSeen(foot, view, canvas));
      for (const { foot, draw } of standing.sort((a, b) => a.foot.y - b.foot.y)) {
        brush.save();
        brush.translate(foot.x, foot.y);
        draw(brush);
        brush.restore();
      }
      drawGoal(brush, game, tMs);
      layNight(brush, view, game.minute, { x: game.at.x + 0.5, y: game.at.y + 0.3 }, game.quest.stage === 'done');
    },
    tileUnder(x, y) {
      const scale = canvas.width / Math.max(1, canvas.clientWidth) / view.tile;
      return { x: Math.floor(view.left + x * scale), y: Math.floor(view.top + y * scale) };
    },
  };
}

function fitToScreen(canvas: HTMLCanvasElement): void {
  const density = Math.min(window.devicePixelRatio, 2);
  const [width, height] = [Math.round(canvas.clientWidth * density), Math.round(canvas.clientHeight * density)];
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
}

/** The player in the middle, the map's edge at the picture's edge where it is near. */
function lookAt(at: Place, { width, height }: HTMLCanvasElement, isTalking: boolean): View {
  const across = Math.min(MOST, Math.max(FEWEST, width / window.devicePixelRatio / 48));
  const tile = Math.max(width / across, width / WIDTH, height / HEIGHT);
  const edge = (middle: number, seen: number, whole: number) =>
    Math.min(Math.max(0, middle + 0.5 - seen / 2), Math.max(0, whole - seen));
  const seen = height / tile;
  // The map may end above the panel.
  const top = isTalking ? Math.max(0, at.y + 0.5 - seen * (width < height ? 0.38 : 0.26)) : edge(at.y, seen, HEIGHT);
  return { left: edge(at.x, width / tile, WIDTH), top, tile };
}

function isSeen(foot: Place, { left, top, tile }: View, { width, height }: HTMLCanvasElement): boolean {
  return foot.x > left - 5 && foot.x < left + width / tile + 5 && foot.y > top - 2 && foot.y < top + height / tile + 5;
}

function allTrees(sheets: readonly HTMLCanvasElement[]): Standing[] {
  const found: Standing[] = [];
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) {
      if (tileAt({ x, y }) !== 'tree') continue;
      const picture = sheets[Math.floor(grain(x, y, 8) * sheets.length)];
      const foot = { x: x + 0.35 + grain(x, y, 9) * 0.3, y: y + 0.75 + grain(x, y, 11) * 0.2 };
      if (picture) found.push({ foot, draw: (brush) => brush.drawImage(picture, -1, -2.1, 2, 2.4) });
    }
  }
  return found;
}

function thingsOf(game: Game, darkness: number, tMs: number): Standing[] {
  const { at, path, facing, quest } = game;
  const middle = ({ x, y }: Place) => ({ x: x + 0.5, y: y + 0.8 });
  const stride = path.length > 0 ? (at.x + at.y) % 1 : undefined;
  return [
    ...BUILDINGS.map((building) => ({
      foot: { x: building.x, y: building.y + building.height - 0.2 },
      draw: (brush: Brush) => {
        brush.translate(-building.x, -(building.y + building.height - 0.2));
        drawBuilding(brush, building, darkness, tMs);
      },
    })),
    ...LANTERNS.map((place) => ({ foot: middle(place), draw: (brush: Brush) => drawLantern(brush, darkness) })),
    ...SHEEP.map((place, at) => ({
      foot: middle(place),
      draw: (brush: Brush) => drawSheep(brush, Math.max(0, Math.sin(tMs / 900 + at * 2))),
    })),
    ...MUSHROOMS.flatMap((place, at) =>
      quest.picked.includes(at)
        ? []
        : [{ foot: middle(place), draw: (brush: Brush) => drawMushroom(brush, quest.stage === 'gather', tMs) }],
    ),
    ...CHARACTER_IDS.map((id) => ({
      foot: middle(CHARACTERS[id]),
      draw: (brush: Brush) => drawPerson(brush, id, faceOf(CHARACTERS[id], at), undefined),
    })),
    { foot: middle({ x: 12, y: 10 }), draw: drawWell },
    { foot: middle(at), draw: (brush) => drawPerson(brush, 'player', facing, stride) },
  ];
}

/** People look at whoever comes near. */
function faceOf(place: Place, player: Place): Game['facing'] {
  const [dx, dy] = [player.x - place.x, player.y - place.y];
  if (Math.abs(dx) + Math.abs(dy) > 4) return 'south';
  if (Math.abs(dx) > Math.abs(dy)) return dx > 0 ? 'east' : 'west';
  return dy > 0 ? 'south' : 'north';
}

/** A small arrow over whoever the quest waits for. */
function drawGoal(brush: Brush, { quest }: Game, tMs: number): void {
  const goal = goalOf(quest);
  if (goal === undefined || goal === 'mushrooms') return;
  const { x, y } = CHARACTERS[goal];
  const top = y - 0.72 + Math.sin(tMs / 350) * 0.05;
  ellipse(brush, x + 0.5, top - 0.16, 0.3, 0.3, PALETTE.ink);
  ellipse(brush, x + 0.5, top - 0.16, 0.25, 0.25, PALETTE.windowLit);
  polygon(
    brush,
    [
      [x + 0.4, top - 0.26],
      [x + 0.6, top - 0.26],
      [x + 0.5, top - 0.02],
    ],
    PALETTE.ink,
  );
}
