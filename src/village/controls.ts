import type { Facing } from './game.ts';

const DIRECTIONS: Readonly<Record<string, Facing>> = {
  ArrowUp: 'north',
  KeyW: 'north',
  ArrowRight: 'east',
  KeyD: 'east',
  ArrowDown: 'south',
  KeyS: 'south',
  ArrowLeft: 'west',
  KeyA: 'west',
};
const TALK = new Set(['KeyE', 'Enter', 'Space']);

export interface Controls {
  /** The direction that is held now: the one pressed last. */
  held(): Facing | undefined;
  /** Forgets what is held, e.g. when a panel opens. */
  release(): void;
}

/** Keyboard and pointer. Keys that a button or a field needs are left to it. */
export function createControls(
  canvas: HTMLCanvasElement,
  onTalk: () => void,
  onPoint: (x: number, y: number) => void,
): Controls {
  let held: readonly Facing[] = [];
  window.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isElsewhere = event.target instanceof HTMLButtonElement || event.target instanceof HTMLInputElement;
    const facing = DIRECTIONS[event.code];
    if (facing && !(event.target instanceof HTMLInputElement)) {
      held = [facing, ...held.filter((each) => each !== facing)];
      event.preventDefault();
    } else if (TALK.has(event.code) && !isElsewhere) {
      event.preventDefault();
      onTalk();
    }
  });
  window.addEventListener('keyup', ({ code }) => {
    held = held.filter((each) => each !== DIRECTIONS[code]);
  });
  window.addEventListener('blur', () => (held = []));
  canvas.addEventListener('pointerdown', ({ offsetX, offsetY }) => onPoint(offsetX, offsetY));
  return { held: () => held[0], release: () => (held = []) };
}
