import { button, createDialogue } from './dialogue.ts';
import { createControls } from './controls.ts';
import { clockText, daylightAt } from './daylight.ts';
import { createPainter } from './draw/painter.ts';
import { createFrameRate } from './frame-rate.ts';
import { advance, arrivedAt, neighbourOf, NEW_GAME, tileOf, walkTo, type Game } from './game.ts';
import { takeStep } from './quest.ts';
import { starling } from './speech.ts';
import { strings } from './strings.ts';
import { CHARACTER_IDS, CHARACTERS, MUSHROOMS, type CharacterId } from './world.ts';

const HUD_PERIOD_MS = 500;

function find<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (!(found instanceof kind)) throw new TypeError(`village: the page has no #${id}`);
  return found;
}

const canvas = find('village', HTMLCanvasElement);
const quest = find('quest', HTMLElement);
const carried = find('carried', HTMLElement);
const clock = find('clock', HTMLElement);
const speed = find('speed', HTMLElement);
const places = find('places', HTMLElement);
const painter = createPainter(canvas);
const rate = createFrameRate();
const stillness = window.matchMedia('(prefers-reduced-motion: reduce)');
let game: Game = NEW_GAME;

const dialogue = createDialogue(find('talk', HTMLElement), {
  quest: () => game.quest,
  takeStep(step) {
    change({ ...game, quest: takeStep(game.quest, step) });
  },
  onClose: () => canvas.focus(),
});

const controls = createControls(
  canvas,
  () => talkTo(neighbourOf(game)),
  (x, y) => {
    dialogue.close();
    const tile = painter.tileUnder(x, y);
    // A head is drawn a tile above the feet.
    const who = CHARACTER_IDS.find(
      (id) => CHARACTERS[id].x === tile.x && Math.abs(CHARACTERS[id].y - tile.y - 0.5) < 1,
    );
    game = who ? walkTo(game, CHARACTERS[who], who) : walkTo(game, tile);
  },
);

function talkTo(who: CharacterId | undefined): void {
  if (!who || dialogue.with() === who) return;
  game = { ...game, meeting: undefined, path: [] };
  controls.release();
  dialogue.open(who);
}

/** Whatever of the quest is told in words. */
function change(next: Game): void {
  const before = game.quest;
  game = next;
  if (next.quest !== before) showQuest();
}

function showQuest(): void {
  const { stage, picked } = game.quest;
  quest.textContent = strings.stages[stage];
  quest.dataset['stage'] = stage;
  carried.textContent =
    stage === 'gather' || stage === 'bring-mushrooms'
      ? strings.mushrooms(picked.length, MUSHROOMS.length)
      : stage === 'bring-bell'
        ? strings.bell
        : '';
  showPlaces();
}

/** The same ways as by keys and taps, for whoever cannot see the picture. */
function showPlaces(): void {
  const people = CHARACTER_IDS.map((id) =>
    button(strings.people[id], () => {
      dialogue.close();
      game = walkTo(game, CHARACTERS[id], id);
    }),
  );
  const mushrooms = MUSHROOMS.flatMap((place, at) =>
    game.quest.stage !== 'gather' || game.quest.picked.includes(at)
      ? []
      : [
          button(strings.mushroom, () => {
            dialogue.close();
            game = walkTo(game, place);
          }),
        ],
  );
  places.replaceChildren(...people, ...mushrooms.slice(0, 1));
}

function showFigures(): void {
  clock.textContent = `${clockText(game.minute)}, ${strings.times[daylightAt(game.minute).name]}`;
  const [alone, sharing] = [false, true].map((isSharing) => rate.perSecond(isSharing)?.toFixed(0));
  speed.textContent = strings.speed(alone ?? strings.unknownSpeed, sharing ?? strings.unknownSpeed);
  const near = neighbourOf(game);
  canvas.title = near && !dialogue.with() ? strings.talkHint(strings.people[near]) : strings.help;
}

let beforeMs: number | undefined;
function frame(nowMs: number): void {
  rate.frame(nowMs, starling()?.state === 'on');
  const isTalking = dialogue.with() !== undefined;
  change(advance(game, nowMs - (beforeMs ?? nowMs), isTalking ? undefined : controls.held()));
  beforeMs = nowMs;
  talkTo(arrivedAt(game));
  painter.paint(game, stillness.matches ? 0 : nowMs, isTalking);
  // What a test or a curious person may look up; the game itself never reads it.
  const { x, y } = tileOf(game);
  canvas.dataset['at'] = `${x},${y}`;
  requestAnimationFrame(frame);
}

canvas.setAttribute('aria-label', strings.canvas);
find('title', HTMLElement).textContent = strings.quest;
find('places-title', HTMLElement).textContent = strings.walkTo;
find('help', HTMLElement).textContent = strings.help;
showQuest();
showFigures();
setInterval(showFigures, HUD_PERIOD_MS);
requestAnimationFrame(frame);
