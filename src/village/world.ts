/** Tiles of the village, x to the east and y to the south; a tile is one step. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

export type TileKind = 'grass' | 'flowers' | 'path' | 'water' | 'bridge' | 'tree' | 'wall' | 'wheat' | 'fence' | 'well';

const KINDS: Readonly<Record<string, TileKind>> = {
  '.': 'grass',
  ',': 'flowers',
  '=': 'path',
  '~': 'water',
  b: 'bridge',
  T: 'tree',
  '#': 'wall',
  g: 'wheat',
  f: 'fence',
  w: 'well',
};
const OPEN: ReadonlySet<TileKind> = new Set(['grass', 'flowers', 'path', 'bridge', 'wheat']);

/** Drawn as a person would see it on paper. */
const MAP = [
  'TTTTTTTTTTTTTTTTTTTT~~TTTTTTTTTT',
  'TT...T..,.T.....T...~~.....,..TT',
  'T....,..............~~....T....T',
  'T.,........####..,..~~..####...T',
  'T...####...####.....~~..####.,.T',
  'T...####...####..T..~~..####...T',
  'T.,.####.....=......~~..####...T',
  'T.....=......=......~~...=.....T',
  'T.....=..,...=...,..~~...=..,..T',
  'TT....=....=====....~~...=....TT',
  'T.....======w==.....~~...=.....T',
  'T..,.......=====.,..~~...=..,..T',
  'T............=======bb====.....T',
  'T....T...,...=.####.~~.........T',
  'T............=.####.~~..ggggg..T',
  'T.ffffff.....=.####.~~..ggggg..T',
  'T.f....f.,...=====..~~..ggggg.,T',
  'T.f......=====......~~..ggggg..T',
  'T.f....f...,.....T..~~....T....T',
  'T.ffffff.......,....~~..,......T',
  'TT.,.........,...T..~~T......TTT',
  'TTTTTTTTTTTTTTTTTTTT~~TTTTTTTTTT',
];

export const WIDTH = 32;
export const HEIGHT = MAP.length;

export function tileAt({ x, y }: Place): TileKind {
  return KINDS[MAP[y]?.[x] ?? 'T'] ?? 'tree';
}

/** Buildings stand on tiles of `wall`; the door is in the middle of the lowest row. */
export interface Building {
  readonly kind: 'forge' | 'inn' | 'mill' | 'hut';
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export const BUILDINGS: readonly Building[] = [
  { kind: 'forge', x: 4, y: 4, width: 4, height: 3 },
  { kind: 'inn', x: 11, y: 3, width: 4, height: 3 },
  { kind: 'mill', x: 24, y: 3, width: 4, height: 4 },
  { kind: 'hut', x: 15, y: 13, width: 4, height: 3 },
];

export const LANTERNS: readonly Place[] = [
  { x: 9, y: 9 },
  { x: 16, y: 9 },
  { x: 12, y: 13 },
  { x: 19, y: 11 },
  { x: 22, y: 11 },
  { x: 24, y: 8 },
  { x: 14, y: 18 },
  { x: 5, y: 8 },
];

export const SHEEP: readonly Place[] = [
  { x: 3, y: 16 },
  { x: 5, y: 17 },
  { x: 4, y: 18 },
];

export const MUSHROOMS: readonly Place[] = [
  { x: 2, y: 2 },
  { x: 18, y: 20 },
  { x: 29, y: 17 },
];

export const START: Place = { x: 13, y: 13 };

/** Whoever is in the village, and where. */
export const CHARACTERS = {
  mara: { x: 26, y: 8 },
  orin: { x: 7, y: 8 },
  pela: { x: 9, y: 17 },
} as const satisfies Readonly<Record<string, Place>>;
export type CharacterId = keyof typeof CHARACTERS;
export const CHARACTER_IDS = Object.keys(CHARACTERS) as readonly CharacterId[];

const taken = new Set([...Object.values(CHARACTERS), ...LANTERNS, ...SHEEP].map(({ x, y }) => x + y * WIDTH));

/** Whether one can stand there. */
export function isOpen(place: Place): boolean {
  const isInside = place.x >= 0 && place.x < WIDTH && place.y >= 0 && place.y < HEIGHT;
  return isInside && OPEN.has(tileAt(place)) && !taken.has(place.x + place.y * WIDTH);
}
