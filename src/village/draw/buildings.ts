import type { Building } from '../world.ts';
import { box, ellipse, line, polygon, type Brush } from './brush.ts';
import { PALETTE } from './palette.ts';

const ROOFS = {
  forge: [PALETTE.slate, PALETTE.slateDark],
  inn: [PALETTE.terracotta, PALETTE.terracottaDark],
  mill: [PALETTE.thatch, PALETTE.thatchDark],
  hut: [PALETTE.thatch, PALETTE.thatchDark],
} as const satisfies Readonly<Record<Building['kind'], readonly [string, string]>>;

/** House with its walls, roof and lights. @param lit 0 to 1: how bright its windows are */
export function drawBuilding(brush: Brush, building: Building, lit: number, tMs: number): void {
  brush.save();
  brush.translate(building.x, building.y);
  const { width, height, kind } = building;
  ellipse(brush, width / 2 + 0.1, height, width / 2 + 0.15, 0.28, PALETTE.shadow);
  if (kind === 'mill') drawMill(brush, building, lit, tMs);
  else drawHouse(brush, building, lit);
  if (kind === 'forge') drawForgeYard(brush, width, height, lit, tMs);
  brush.restore();
}

/** Where the windows are, in tiles of the world: light falls from them at night. */
export function windowsOf({ x, y, width, height }: Building): { readonly x: number; readonly y: number }[] {
  return [0.24, 0.76].map((share) => ({ x: x + width * share, y: y + height - 0.75 }));
}

function drawHouse(brush: Brush, { kind, width, height }: Building, lit: number): void {
  const wallTop = height - 1.45;
  const wall = kind === 'forge' ? PALETTE.stone : PALETTE.plaster;
  box(brush, 0.12, wallTop, width - 0.24, height - wallTop, wall, [0, 0, 0.06, 0.06]);
  box(brush, 0.12, height - 0.22, width - 0.24, 0.22, kind === 'forge' ? PALETTE.stoneDark : PALETTE.plasterShade);
  if (kind !== 'forge') drawBeams(brush, width, wallTop, height);
  drawDoor(brush, width / 2, height);
  for (const share of [0.24, 0.76]) drawWindow(brush, width * share, height - 0.75, lit);
  const [light, dark] = ROOFS[kind];
  drawRoof(brush, width, wallTop + 0.12, light, dark);
  if (kind !== 'hut') {
    box(brush, width - 1.05, -0.75, 0.38, 0.8, PALETTE.stoneDark, 0.04);
    box(brush, width - 1.1, -0.82, 0.48, 0.14, PALETTE.stone, 0.04);
  }
  if (kind === 'inn') {
    line(
      brush,
      [
        [width - 0.05, height - 1.2],
        [width + 0.4, height - 1.2],
      ],
      0.05,
      PALETTE.iron,
    );
    box(brush, width + 0.05, height - 1.16, 0.34, 0.3, PALETTE.wood, 0.05);
    ellipse(brush, width + 0.22, height - 1.01, 0.08, 0.08, PALETTE.windowLit);
  }
}

function drawRoof(brush: Brush, width: number, eaves: number, light: string, dark: string): void {
  polygon(
    brush,
    [
      [-0.12, eaves],
      [0.5, -0.5],
      [width - 0.5, -0.5],
      [width + 0.12, eaves],
    ],
    light,
  );
  polygon(
    brush,
    [
      [width - 0.5, -0.5],
      [width + 0.12, eaves],
      [width * 0.62, eaves],
      [width * 0.66, -0.5],
    ],
    dark,
  );
  for (let row = 1; row < 4; row++) {
    const y = -0.5 + ((eaves + 0.5) * row) / 4;
    const inset = 0.5 - (0.62 * row) / 4;
    brush.globalAlpha = 0.35;
    line(
      brush,
      [
        [inset, y],
        [width - inset, y],
      ],
      0.035,
      dark,
    );
    brush.globalAlpha = 1;
  }
  box(brush, -0.14, eaves - 0.05, width + 0.28, 0.11, dark, 0.05);
}

function drawBeams(brush: Brush, width: number, top: number, bottom: number): void {
  for (const x of [0.12, width - 0.22]) box(brush, x, top, 0.1, bottom - top, PALETTE.wood);
  line(
    brush,
    [
      [0.2, bottom - 0.3],
      [width * 0.14, top + 0.2],
    ],
    0.07,
    PALETTE.wood,
  );
  line(
    brush,
    [
      [width - 0.2, bottom - 0.3],
      [width * 0.86, top + 0.2],
    ],
    0.07,
    PALETTE.wood,
  );
}

function drawDoor(brush: Brush, x: number, bottom: number): void {
  box(brush, x - 0.32, bottom - 0.94, 0.64, 0.94, PALETTE.woodDark, [0.3, 0.3, 0, 0]);
  box(brush, x - 0.25, bottom - 0.87, 0.5, 0.87, PALETTE.wood, [0.24, 0.24, 0, 0]);
  ellipse(brush, x + 0.15, bottom - 0.42, 0.04, 0.04, PALETTE.windowLit);
}

function drawWindow(brush: Brush, x: number, y: number, lit: number): void {
  box(brush, x - 0.27, y - 0.27, 0.54, 0.54, PALETTE.woodDark, 0.05);
  box(brush, x - 0.21, y - 0.21, 0.42, 0.42, lit > 0.25 ? PALETTE.windowLit : PALETTE.window);
  box(brush, x - 0.02, y - 0.21, 0.04, 0.42, PALETTE.woodDark);
  box(brush, x - 0.21, y - 0.02, 0.42, 0.04, PALETTE.woodDark);
}

function drawMill(brush: Brush, { width, height }: Building, lit: number, tMs: number): void {
  const middle = width / 2;
  polygon(
    brush,
    [
      [0.25, height],
      [0.75, 0.35],
      [width - 0.75, 0.35],
      [width - 0.25, height],
    ],
    PALETTE.plaster,
  );
  polygon(
    brush,
    [
      [width - 0.75, 0.35],
      [width - 0.25, height],
      [width * 0.68, height],
      [width * 0.62, 0.35],
    ],
    PALETTE.plasterShade,
  );
  box(brush, 0.24, height - 0.4, width - 0.48, 0.4, PALETTE.stone, 0.05);
  drawDoor(brush, middle, height);
  for (const share of [0.24, 0.76]) drawWindow(brush, width * share, height - 0.75, lit);
  drawWindow(brush, middle, 1.75, lit);
  polygon(
    brush,
    [
      [0.5, 0.45],
      [middle, -0.95],
      [width - 0.5, 0.45],
    ],
    PALETTE.terracotta,
  );
  polygon(
    brush,
    [
      [middle, -0.95],
      [width - 0.5, 0.45],
      [middle + 0.3, 0.45],
    ],
    PALETTE.terracottaDark,
  );
  brush.save();
  brush.translate(middle, 0.55);
  brush.rotate(tMs / 2_600);
  for (let sail = 0; sail < 4; sail++) {
    brush.rotate(Math.PI / 2);
    line(
      brush,
      [
        [0, 0],
        [0, -1.95],
      ],
      0.09,
      PALETTE.woodDark,
    );
    box(brush, 0.05, -1.9, 0.42, 1.45, '#f6efdd');
    for (let bar = 0; bar < 4; bar++) box(brush, 0.05, -1.9 + bar * 0.46, 0.42, 0.04, PALETTE.wood);
  }
  ellipse(brush, 0, 0, 0.17, 0.17, PALETTE.woodDark);
  brush.restore();
}

function drawForgeYard(brush: Brush, width: number, height: number, lit: number, tMs: number): void {
  const ember = 0.75 + 0.25 * Math.sin(tMs / 230) * Math.sin(tMs / 610);
  box(brush, width + 0.15, height - 0.5, 0.7, 0.4, PALETTE.stoneDark, 0.08);
  brush.globalAlpha = ember;
  ellipse(brush, width + 0.5, height - 0.5, 0.26, 0.1, lit > 0.5 ? '#ffb057' : '#e5793a');
  brush.globalAlpha = 1;
}
