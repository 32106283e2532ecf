import { box, ellipse, line, polygon, type Brush } from './brush.ts';
import { PALETTE } from './palette.ts';

/** Each is drawn with its foot, where it touches the ground, at 0, 0. */

export function drawTree(brush: Brush, size: number): void {
  ellipse(brush, 0.05, 0, 0.5 * size, 0.18 * size, PALETTE.shadow);
  box(brush, -0.09 * size, -0.5 * size, 0.18 * size, 0.52 * size, PALETTE.trunk, 0.05);
  ellipse(brush, 0, -0.85 * size, 0.55 * size, 0.5 * size, PALETTE.leafDark);
  ellipse(brush, -0.2 * size, -0.95 * size, 0.36 * size, 0.34 * size, PALETTE.leaf);
  ellipse(brush, 0.2 * size, -1.02 * size, 0.36 * size, 0.36 * size, PALETTE.leaf);
  ellipse(brush, -0.02, -1.22 * size, 0.36 * size, 0.3 * size, PALETTE.leaf);
  ellipse(brush, -0.14 * size, -1.24 * size, 0.2 * size, 0.15 * size, PALETTE.leafLight);
  ellipse(brush, 0.22 * size, -1.08 * size, 0.14 * size, 0.1 * size, PALETTE.leafLight);
}

export function drawPine(brush: Brush, size: number): void {
  ellipse(brush, 0.05, 0, 0.42 * size, 0.16 * size, PALETTE.shadow);
  box(brush, -0.07 * size, -0.3 * size, 0.14 * size, 0.32 * size, PALETTE.trunk, 0.04);
  for (const [at, half] of [
    [0.2, 0.48],
    [0.6, 0.38],
    [0.98, 0.27],
  ] as const) {
    const top = -(at + 0.66) * size;
    polygon(
      brush,
      [
        [-half * size, -at * size],
        [0, top],
        [half * size, -at * size],
      ],
      PALETTE.leafDark,
    );
    polygon(
      brush,
      [
        [-half * size * 0.7, -(at + 0.06) * size],
        [0, top],
        [0, -(at + 0.06) * size],
      ],
      PALETTE.leaf,
    );
  }
}

export function drawLantern(brush: Brush, lit: number): void {
  ellipse(brush, 0.04, 0, 0.16, 0.07, PALETTE.shadow);
  line(
    brush,
    [
      [0, 0],
      [0, -1.02],
    ],
    0.08,
    PALETTE.iron,
  );
  box(brush, -0.13, -1.32, 0.26, 0.3, PALETTE.iron, 0.05);
  box(brush, -0.085, -1.28, 0.17, 0.22, lit > 0.2 ? PALETTE.windowLit : PALETTE.window, 0.03);
  polygon(
    brush,
    [
      [-0.18, -1.3],
      [0, -1.45],
      [0.18, -1.3],
    ],
    PALETTE.iron,
  );
}

export function drawWell(brush: Brush): void {
  ellipse(brush, 0, 0, 0.52, 0.2, PALETTE.shadow);
  box(brush, -0.44, -0.46, 0.88, 0.5, PALETTE.stoneDark, [0.1, 0.1, 0.25, 0.25]);
  ellipse(brush, 0, -0.46, 0.44, 0.17, PALETTE.stone);
  ellipse(brush, 0, -0.45, 0.33, 0.11, PALETTE.waterDeep);
  for (const x of [-0.38, 0.38]) {
    line(
      brush,
      [
        [x, -0.4],
        [x, -1.15],
      ],
      0.08,
      PALETTE.woodDark,
    );
  }
  polygon(
    brush,
    [
      [-0.58, -1.08],
      [0, -1.45],
      [0.58, -1.08],
    ],
    PALETTE.terracotta,
  );
  polygon(
    brush,
    [
      [0, -1.45],
      [0.58, -1.08],
      [0.1, -1.08],
    ],
    PALETTE.terracottaDark,
  );
}

/** @param bob 0 to 1: how far the head is down in the grass */
export function drawSheep(brush: Brush, bob: number): void {
  ellipse(brush, 0, 0, 0.34, 0.12, PALETTE.shadow);
  for (const x of [-0.16, 0.14]) box(brush, x, -0.16, 0.07, 0.17, PALETTE.ink);
  for (const [x, y] of [
    [-0.18, -0.3],
    [0.16, -0.3],
    [0, -0.38],
    [-0.02, -0.24],
  ] as const)
    ellipse(brush, x, y, 0.2, 0.16, PALETTE.woolShade);
  for (const [x, y] of [
    [-0.16, -0.34],
    [0.12, -0.34],
    [-0.02, -0.4],
  ] as const)
    ellipse(brush, x, y, 0.17, 0.13, PALETTE.wool);
  ellipse(brush, 0.32, -0.3 + bob * 0.16, 0.1, 0.12, PALETTE.ink);
}

/** @param isRipe it can be picked now, and shines a little */
export function drawMushroom(brush: Brush, isRipe: boolean, tMs: number): void {
  ellipse(brush, 0, 0.02, 0.24, 0.09, PALETTE.shadow);
  if (isRipe) {
    brush.globalAlpha = 0.35 + 0.2 * Math.sin(tMs / 400);
    ellipse(brush, 0, -0.12, 0.42, 0.34, PALETTE.windowLit);
    brush.globalAlpha = 1;
  }
  for (const [x, y, size] of [
    [0.14, 0.02, 0.7],
    [-0.07, 0, 1],
  ] as const) {
    box(brush, x - 0.05 * size, y - 0.22 * size, 0.1 * size, 0.23 * size, PALETTE.plaster, 0.04);
    brush.fillStyle = PALETTE.terracotta;
    brush.beginPath();
    brush.ellipse(x, y - 0.2 * size, 0.2 * size, 0.2 * size, 0, Math.PI, 0);
    brush.fill();
    ellipse(brush, x - 0.07 * size, y - 0.28 * size, 0.035 * size, 0.03 * size, PALETTE.plaster);
    ellipse(brush, x + 0.06 * size, y - 0.3 * size, 0.03 * size, 0.025 * size, PALETTE.plaster);
  }
}
