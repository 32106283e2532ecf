/** Everything is drawn in tiles: 1 is a tile's side. */
export type Brush = CanvasRenderingContext2D;

export function ellipse(brush: Brush, x: number, y: number, rx: number, ry: number, fill: string): void {
  brush.fillStyle = fill;
  brush.beginPath();
  brush.ellipse(x, y, rx, ry, 0, 0, Math.PI * 2);
  brush.fill();
}

export function box(
  brush: Brush,
  x: number,
  y: number,
  width: number,
  height: number,
  fill: string,
  radius: number | number[] = 0,
): void {
  brush.fillStyle = fill;
  brush.beginPath();
  brush.roundRect(x, y, width, height, radius);
  brush.fill();
}

export function polygon(brush: Brush, points: readonly (readonly [number, number])[], fill: string): void {
  brush.fillStyle = fill;
  brush.beginPath();
  for (const [x, y] of points) brush.lineTo(x, y);
  brush.closePath();
  brush.fill();
}

export function line(
  brush: Brush,
  points: readonly (readonly [number, number])[],
  width: number,
  stroke: string,
): void {
  brush.strokeStyle = stroke;
  brush.lineWidth = width;
  brush.lineCap = 'round';
  brush.lineJoin = 'round';
  brush.beginPath();
  for (const [x, y] of points) brush.lineTo(x, y);
  brush.stroke();
}

/** A number from 0 to 1 that is always the same for the same place: grass does not flicker. */
export function grain(x: number, y: number, salt = 0): number {
  let hash = Math.imul(x * 374_761_393 + y * 668_265_263 + salt * 2_147_483_647, 1_274_126_177);
  hash = Math.imul(hash ^ (hash >>> 13), 1_103_515_245);
  return ((hash ^ (hash >>> 16)) >>> 0) / 0x1_0000_0000;
}

/** A canvas to draw on once and to copy from ever after. @param pixels of a tile's side */
export function sheet(width: number, height: number, pixels: number, draw: (brush: Brush) => void): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  canvas.width = Math.ceil(width * pixels);
  canvas.height = Math.ceil(height * pixels);
  const brush = canvas.getContext('2d');
  if (brush) {
    brush.scale(pixels, pixels);
    draw(brush);
  }
  return canvas;
}
