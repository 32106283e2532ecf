import { daylightAt } from '../daylight.ts';
import { BUILDINGS, LANTERNS, type Place } from '../world.ts';
import { windowsOf } from './buildings.ts';
import { PALETTE, rgba } from './palette.ts';

const DARKEST = 0.66;
/** Light is soft: a quarter of the picture's resolution is enough. */
const SCALE = 0.25;

interface Lamp extends Place {
  readonly reach: number;
}

const LAMPS: readonly Lamp[] = [
  ...LANTERNS.map(({ x, y }) => ({ x: x + 0.5, y: y - 0.2, reach: 2.6 })),
  ...BUILDINGS.flatMap((building) => windowsOf(building).map((place) => ({ ...place, reach: 1.5 }))),
  { x: 8.5, y: 6.5, reach: 2.2 },
];

export interface View {
  /** The tile at the picture's left upper corner. */
  readonly left: number;
  readonly top: number;
  /** Pixels of the canvas to a tile. */
  readonly tile: number;
}

/** Lays dusk and night over the picture, with holes where lamps are. */
export function createNight(): (
  brush: CanvasRenderingContext2D,
  view: View,
  minute: number,
  player: Place,
  isFeast: boolean,
) => void {
  const veil = document.createElement('canvas');
  const veilBrush = veil.getContext('2d');
  return (brush, { left, top, tile }, minute, player, isFeast) => {
    const { darkness, glow } = daylightAt(minute);
    const { width, height } = brush.canvas;
    brush.setTransform(1, 0, 0, 1, 0, 0);
    if (glow > 0) {
      brush.fillStyle = rgba(PALETTE.dusk, 0.24 * glow);
      brush.fillRect(0, 0, width, height);
    }
    if (darkness === 0 || !veilBrush) return;
    veil.width = Math.ceil(width * SCALE);
    veil.height = Math.ceil(height * SCALE);
    veilBrush.fillStyle = rgba(PALETTE.night, DARKEST * darkness);
    veilBrush.fillRect(0, 0, veil.width, veil.height);
    const unit = tile * SCALE;
    const lamps = [...LAMPS, { ...player, reach: isFeast ? 2.4 : 1.7 }].map((lamp) => ({
      x: (lamp.x - left) * unit,
      y: (lamp.y - top) * unit,
      reach: lamp.reach * unit,
    }));
    veilBrush.globalCompositeOperation = 'destination-out';
    for (const { x, y, reach } of lamps) fillGlow(veilBrush, x, y, reach, [0, 0, 0], 0.92);
    veilBrush.globalCompositeOperation = 'source-over';
    for (const { x, y, reach } of lamps.slice(0, -1)) {
      fillGlow(veilBrush, x, y, reach * 0.8, PALETTE.lamp, 0.3 * darkness);
    }
    brush.imageSmoothingEnabled = true;
    brush.drawImage(veil, 0, 0, width, height);
  };
}

function fillGlow(
  brush: CanvasRenderingContext2D,
  x: number,
  y: number,
  reach: number,
  colour: readonly [number, number, number],
  strength: number,
): void {
  const { width, height } = brush.canvas;
  if (x + reach < 0 || y + reach < 0 || x - reach > width || y - reach > height) return;
  const fade = brush.createRadialGradient(x, y, 0, x, y, reach);
  fade.addColorStop(0, rgba(colour, strength));
  fade.addColorStop(0.5, rgba(colour, strength * 0.45));
  fade.addColorStop(1, rgba(colour, 0));
  brush.fillStyle = fade;
  brush.fillRect(x - reach, y - reach, reach * 2, reach * 2);
}
