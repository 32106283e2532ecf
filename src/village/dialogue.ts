import type { Quest, QuestStep } from './quest.ts';
import { stepWith } from './quest.ts';
import { PEOPLE, questionsFor, sceneFor, scriptFor, STEP_LINES, type Exchange } from './scenes.ts';
import { speak } from './speech.ts';
import { strings } from './strings.ts';
import type { CharacterId } from './world.ts';

export interface DialogueHost {
  quest(): Quest;
  takeStep(step: QuestStep): void;
  /** The panel has closed: the keyboard belongs to the village again. */
  onClose(): void;
}

export interface Dialogue {
  /** Whoever the player talks with now. */
  with(): CharacterId | undefined;
  open(who: CharacterId): void;
  close(): void;
}

const GREETING = 'Good day to you.';
const MAX_CHARS = 200;

/** The panel in which one talks: text that everybody can read, hear and reach by keyboard. */
export function createDialogue(panel: HTMLElement, host: DialogueHost): Dialogue {
  const title = element('h2', 'talk-name');
  const lines = element('ol', 'lines');
  lines.setAttribute('aria-live', 'polite');
  const choices = element('div', 'choices');
  const { form, input } = sayForm((text) => void ask(text, undefined));
  const leave = button(strings.leave, close);
  leave.className = 'leave';
  title.id = 'talk-name';
  panel.setAttribute('aria-labelledby', title.id);
  const head = element('div', 'head');
  head.append(title, leave);
  panel.append(head, lines, choices, form);
  panel.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') close();
    // Letters typed here are not steps in the village.
    event.stopPropagation();
  });

  const memory = new Map<CharacterId, readonly Exchange[]>();
  let who: CharacterId | undefined;
  let asking: AbortController | undefined;

  function open(next: CharacterId): void {
    who = next;
    lines.replaceChildren();
    const { name, role } = PEOPLE[next];
    title.textContent = `${name}, the ${role}`;
    panel.hidden = false;
    panel.dataset['who'] = next;
    showChoices();
    choices.querySelector('button')?.focus();
    void ask(GREETING, undefined, true);
  }

  function close(): void {
    asking?.abort();
    who = undefined;
    panel.hidden = true;
    host.onClose();
  }

  function showChoices(): void {
    if (!who) return;
    const step = stepWith(host.quest(), who);
    const steps = step ? [button(strings.steps[step], () => void goOn(step))] : [];
    for (const each of steps) each.className = 'step';
    const questions = questionsFor(who).map((text) => button(text, () => void ask(text, text)));
    choices.replaceChildren(...steps, ...questions);
  }

  /** The quest's turning points are the writers' own lines: a story needs them as they are. */
  async function goOn(step: QuestStep): Promise<void> {
    asking?.abort();
    if (!who) return;
    host.takeStep(step);
    const { player, script } = STEP_LINES[step];
    addLine('player', player);
    fill(addLine('character', ''), script, 'script');
    keep(who, { player, reply: { action: 'talk', say: script } });
    showChoices();
    (choices.querySelector('button') ?? leave).focus();
  }

  async function ask(text: string, question: string | undefined, isGreeting = false): Promise<void> {
    asking?.abort();
    if (!who) return;
    const listener = who;
    const { signal } = (asking = new AbortController());
    if (!isGreeting) addLine('player', text);
    const line = addLine('character', '');
    line.dataset['state'] = 'thinking';
    line.setAttribute('aria-label', strings.thinking);
    const quest = host.quest();
    const scene = sceneFor(listener, quest, memory.get(listener) ?? [], text);
    const script = scriptFor(listener, quest, question);
    try {
      const spoken = await speak(scene, script, (sentence) => (line.textContent += `${sentence} `), signal);
      fill(line, spoken.say, spoken.source);
      keep(listener, { player: text, reply: { action: spoken.action, say: spoken.say } });
    } catch {
      line.remove(); // The player went on before the answer came.
    }
  }

  function keep(id: CharacterId, exchange: Exchange): void {
    memory.set(id, [...(memory.get(id) ?? []), exchange].slice(-3));
  }

  function addLine(by: 'player' | 'character', text: string): HTMLElement {
    const line = element('li', by);
    line.textContent = text;
    lines.append(line);
    lines.scrollTop = lines.scrollHeight;
    return line;
  }

  function fill(line: HTMLElement, text: string, source: 'model' | 'script'): void {
    delete line.dataset['state'];
    line.removeAttribute('aria-label');
    line.textContent = text;
    line.dataset['source'] = source;
    line.title = source === 'model' ? strings.fromModel : strings.fromScript;
    lines.scrollTop = lines.scrollHeight;
  }

  input.maxLength = MAX_CHARS;
  return { with: () => who, open, close };
}

function sayForm(onSay: (text: string) => void): { readonly form: HTMLFormElement; readonly input: HTMLInputElement } {
  const form = document.createElement('form');
  const input = document.createElement('input');
  input.setAttribute('aria-label', strings.say);
  input.placeholder = strings.say;
  input.autocomplete = 'off';
  const send = document.createElement('button');
  send.textContent = strings.send;
  form.append(input, send);
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = input.value.trim();
    input.value = '';
    if (text !== '') onSay(text);
  });
  return { form, input };
}

function element(name: string, className: string): HTMLElement {
  const made = document.createElement(name);
  made.className = className;
  return made;
}

export function button(text: string, onClick: () => void): HTMLButtonElement {
  const made = document.createElement('button');
  made.type = 'button';
  made.textContent = text;
  made.addEventListener('click', onClick);
  return made;
}
