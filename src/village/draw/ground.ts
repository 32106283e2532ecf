import { HEIGHT, tileAt, WIDTH, type Place, type TileKind } from '../world.ts';
import { box, ellipse, grain, line, type Brush } from './brush.ts';
import { PALETTE } from './palette.ts';

/** What lies flat: grass, ways, the river, the field. */
export function drawGround(brush: Brush): void {
  box(brush, 0, 0, WIDTH, HEIGHT, PALETTE.grass);
  each((place) => drawGrass(brush, place));
  drawBand(brush, isWater, 1.3, PALETTE.bank);
  drawBand(brush, isWater, 1.14, PALETTE.waterDeep);
  drawBand(brush, isWater, 0.96, PALETTE.water);
  each((place) => {
    if (tileAt(place) === 'wheat') drawWheat(brush, place);
  });
  drawBand(brush, isPath, 1, PALETTE.pathEdge);
  drawBand(brush, isPath, 0.86, PALETTE.path);
  each((place) => {
    if (tileAt(place) === 'path') drawPebbles(brush, place);
    if (tileAt(place) === 'flowers') drawFlowers(brush, place);
  });
  drawBridge(brush);
  each((place) => {
    if (tileAt(place) === 'fence') drawFence(brush, place);
  });
}

/** Light on the water, moving with time. */
export function drawRipples(brush: Brush, tMs: number): void {
  each((place) => {
    if (tileAt(place) !== 'water') return;
    const shift = (tMs / 4_200 + grain(place.x, place.y, 5)) % 1;
    const strength = Math.sin(shift * Math.PI);
    const [x, y] = [place.x + 0.2 + grain(place.x, place.y, 6) * 0.35, place.y + shift];
    brush.globalAlpha = 0.55 * strength;
    line(
      brush,
      [
        [x, y],
        [x + 0.14, y - 0.05],
        [x + 0.3, y],
      ],
      0.04,
      PALETTE.waterLight,
    );
  });
  brush.globalAlpha = 1;
}

const isWater = (kind: TileKind) => kind === 'water' || kind === 'bridge';
const isPath = (kind: TileKind) => kind === 'path' || kind === 'bridge' || kind === 'well';

function each(visit: (place: Place) => void): void {
  for (let y = 0; y < HEIGHT; y++) for (let x = 0; x < WIDTH; x++) visit({ x, y });
}

/** Tiles of a kind grown together into one rounded band. */
function drawBand(brush: Brush, isPart: (kind: TileKind) => boolean, width: number, stroke: string): void {
  each((place) => {
    if (!isPart(tileAt(place))) return;
    const [x, y] = [place.x + 0.5, place.y + 0.5];
    const ends = [
      { x: place.x + 1, y: place.y },
      { x: place.x, y: place.y + 1 },
    ].filter((next) => next.x < WIDTH && next.y < HEIGHT && isPart(tileAt(next)));
    const isBlock = ends.length === 2 && isPart(tileAt({ x: place.x + 1, y: place.y + 1 }));
    if (isBlock) box(brush, x, y, 1, 1, stroke);
    for (const end of ends.length > 0 ? ends : [place]) {
      line(
        brush,
        [
          [x, y],
          [end.x + 0.5, end.y + 0.501],
        ],
        width,
        stroke,
      );
    }
  });
}

function drawGrass(brush: Brush, { x, y }: Place): void {
  const shade = grain(x, y);
  brush.globalAlpha = 0.3;
  if (shade > 0.7) ellipse(brush, x + shade, y + 0.5, 1.3, 0.9, PALETTE.grassLight);
  else if (shade < 0.22) ellipse(brush, x + shade * 3, y + 0.5, 1.2, 0.8, PALETTE.grassDark);
  brush.globalAlpha = 1;
  for (let i = 0; i < 3; i++) {
    const [px, py] = [x + grain(x, y, 10 + i), y + grain(x, y, 20 + i)];
    if (grain(x, y, 30 + i) < 0.5) continue;
    line(
      brush,
      [
        [px, py],
        [px - 0.04, py - 0.12],
      ],
      0.03,
      PALETTE.grassDark,
    );
    line(
      brush,
      [
        [px + 0.06, py],
        [px + 0.1, py - 0.1],
      ],
      0.03,
      PALETTE.grassDark,
    );
  }
}

function drawFlowers(brush: Brush, { x, y }: Place): void {
  for (let i = 0; i < 7; i++) {
    const [px, py] = [x + 0.1 + grain(x, y, 40 + i) * 0.8, y + 0.1 + grain(x, y, 50 + i) * 0.8];
    const colour = PALETTE.flowers[Math.floor(grain(x, y, 60 + i) * PALETTE.flowers.length)] ?? PALETTE.flowers[0];
    line(
      brush,
      [
        [px, py],
        [px, py + 0.1],
      ],
      0.025,
      PALETTE.grassDark,
    );
    ellipse(brush, px, py, 0.055, 0.05, colour);
    ellipse(brush, px, py, 0.02, 0.02, PALETTE.ink);
  }
}

function drawPebbles(brush: Brush, { x, y }: Place): void {
  for (let i = 0; i < 3; i++) {
    if (grain(x, y, 70 + i) < 0.45) continue;
    ellipse(brush, x + grain(x, y, 80 + i), y + grain(x, y, 90 + i), 0.07, 0.045, PALETTE.pebble);
  }
}

function drawWheat(brush: Brush, { x, y }: Place): void {
  box(brush, x, y, 1, 1, PALETTE.wheatDark, 0.1);
  for (let row = 0; row < 3; row++) {
    for (let column = 0; column < 6; column++) {
      const px = x + 0.08 + column * 0.17;
      const py = y + 0.34 + row * 0.31;
      const lean = (grain(x * 6 + column, y * 3 + row, 3) - 0.5) * 0.1;
      line(
        brush,
        [
          [px, py],
          [px + lean, py - 0.26],
        ],
        0.05,
        PALETTE.wheat,
      );
      ellipse(brush, px + lean, py - 0.27, 0.045, 0.085, '#efd58a');
    }
  }
}

function drawBridge(brush: Brush): void {
  each(({ x, y }) => {
    if (tileAt({ x, y }) !== 'bridge') return;
    box(brush, x - 0.05, y + 0.02, 1.1, 1, PALETTE.woodDark);
    for (let i = 0; i < 4; i++) box(brush, x + i * 0.25 + 0.01, y + 0.06, 0.22, 0.86, PALETTE.woodLight, 0.03);
    box(brush, x - 0.05, y - 0.02, 1.1, 0.1, PALETTE.wood, 0.04);
    box(brush, x - 0.05, y + 0.92, 1.1, 0.1, PALETTE.wood, 0.04);
  });
}

function drawFence(brush: Brush, { x, y }: Place): void {
  const isFence = (place: Place) => tileAt(place) === 'fence';
  if (isFence({ x: x + 1, y })) {
    box(brush, x + 0.5, y + 0.34, 1, 0.09, PALETTE.woodLight);
    box(brush, x + 0.5, y + 0.55, 1, 0.09, PALETTE.wood);
  }
  if (isFence({ x, y: y + 1 })) box(brush, x + 0.45, y + 0.4, 0.09, 1, PALETTE.wood);
  box(brush, x + 0.42, y + 0.2, 0.16, 0.55, PALETTE.woodDark, 0.05);
  box(brush, x + 0.42, y + 0.2, 0.16, 0.12, PALETTE.woodLight, 0.05);
}
