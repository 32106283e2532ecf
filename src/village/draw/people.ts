import type { Facing } from '../game.ts';
import type { CharacterId } from '../world.ts';
import { box, ellipse, line, polygon, type Brush } from './brush.ts';
import { PALETTE } from './palette.ts';

interface Look {
  readonly coat: string;
  readonly coatDark: string;
  readonly hair: string;
  readonly skin: string;
  readonly wears: 'cap' | 'apron' | 'hat' | 'scarf';
}

const LOOKS: Readonly<Record<CharacterId | 'player', Look>> = {
  mara: { coat: '#c9d3dc', coatDark: '#a3b1bd', hair: '#8b5a33', skin: PALETTE.skin, wears: 'cap' },
  orin: { coat: '#6f5a4e', coatDark: '#544339', hair: '#3a2c26', skin: PALETTE.skinDark, wears: 'apron' },
  pela: { coat: '#7d8c4a', coatDark: '#626f38', hair: '#d79a4b', skin: PALETTE.skin, wears: 'hat' },
  player: { coat: '#3f6f9f', coatDark: '#2f567e', hair: '#4a342b', skin: '#dba37c', wears: 'scarf' },
};

/**
 * A person whose feet are at 0, 0.
 *
 * @param stride where in a step the person is, 0 to 1; undefined: standing
 */
export function drawPerson(
  brush: Brush,
  who: CharacterId | 'player',
  facing: Facing,
  stride: number | undefined,
): void {
  const look = LOOKS[who];
  const swing = stride === undefined ? 0 : Math.sin(stride * Math.PI * 2);
  const lift = stride === undefined ? 0 : Math.abs(Math.cos(stride * Math.PI * 2)) * 0.04;
  ellipse(brush, 0, 0, 0.27, 0.1, PALETTE.shadow);
  for (const side of [-1, 1]) {
    const forward = side * swing * 0.08;
    box(brush, side * 0.1 - 0.065, -0.2 + Math.min(0, forward), 0.13, 0.21, PALETTE.ink, 0.05);
  }
  brush.save();
  brush.translate(0, -lift);
  polygon(
    brush,
    [
      [-0.15, -0.66],
      [0.15, -0.66],
      [0.27, -0.14],
      [-0.27, -0.14],
    ],
    look.coat,
  );
  polygon(
    brush,
    [
      [0.15, -0.66],
      [0.27, -0.14],
      [0.1, -0.14],
    ],
    look.coatDark,
  );
  box(brush, -0.27, -0.2, 0.54, 0.08, look.coatDark, 0.04);
  for (const side of [-1, 1]) {
    const hand = -0.32 + side * swing * 0.05;
    line(
      brush,
      [
        [side * 0.17, -0.6],
        [side * 0.26, hand],
      ],
      0.11,
      look.coatDark,
    );
    ellipse(brush, side * 0.265, hand + 0.03, 0.055, 0.055, look.skin);
  }
  if (look.wears === 'apron' && facing !== 'north') box(brush, -0.13, -0.55, 0.26, 0.4, PALETTE.thatchDark, 0.05);
  drawHead(brush, look, facing);
  brush.restore();
}

function drawHead(brush: Brush, look: Look, facing: Facing): void {
  ellipse(brush, 0, -0.85, 0.235, 0.24, look.hair);
  const turn = facing === 'east' ? 0.06 : facing === 'west' ? -0.06 : 0;
  if (facing !== 'north') {
    ellipse(brush, turn, -0.82, 0.185, 0.19, look.skin);
    for (const side of [-1, 1]) {
      // From the side one eye is enough.
      if (turn !== 0 && Math.sign(turn) !== side) continue;
      ellipse(brush, turn * 1.5 + side * 0.075, -0.82, 0.026, 0.034, PALETTE.ink);
    }
    if (look.wears === 'apron') ellipse(brush, turn, -0.7, 0.15, 0.09, look.hair);
    polygon(
      brush,
      [
        [-0.21 + turn, -0.88],
        [-0.12 + turn, -1.04],
        [0.15 + turn, -1.04],
        [0.21 + turn, -0.88],
        [turn, -0.95],
      ],
      look.hair,
    );
  }
  if (look.wears === 'cap') {
    ellipse(brush, 0, -1.02, 0.25, 0.15, '#f7f2e6');
    box(brush, -0.24, -1.0, 0.48, 0.09, '#e2d9c4', 0.04);
  }
  if (look.wears === 'hat') {
    ellipse(brush, 0, -0.98, 0.4, 0.11, PALETTE.thatchDark);
    ellipse(brush, 0, -1.0, 0.4, 0.1, PALETTE.thatch);
    ellipse(brush, 0, -1.07, 0.2, 0.14, PALETTE.thatch);
    box(brush, -0.2, -1.05, 0.4, 0.06, PALETTE.terracotta, 0.02);
  }
  if (look.wears === 'scarf') {
    box(brush, -0.2, -0.69, 0.4, 0.11, PALETTE.terracotta, 0.05);
    if (facing === 'north') box(brush, 0.02, -0.66, 0.11, 0.32, PALETTE.terracottaDark, 0.04);
  }
}
