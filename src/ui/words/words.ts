import { createEmitter } from '../../base/emitter.ts';
import { en, type Words } from './en.ts';
import { isLanguage, type Language } from './languages.ts';

const KEY = 'starling-language';
const changes = createEmitter<{ change: Language }>();
let catalogue: Words = en;
let current: Language = 'en';

/** The catalogue of the language that is shown now. */
export function words(): Words {
  return catalogue;
}

/** What to tell a person about a problem; undefined: its own message must do. */
export function adviceFor(code: string): string | undefined {
  return (catalogue.advice as Readonly<Record<string, string>>)[code];
}

/** What happened, in the language of now; undefined: the log's own text must do. */
export function loggedAs(text: string): string | undefined {
  return (catalogue.log as Readonly<Record<string, string>>)[text];
}

export function language(): Language {
  return current;
}

export function onLanguage(listener: () => void): () => void {
  return changes.on('change', listener);
}

/** Shows the language that this person chose before, else the first of the browser's that there is, else English. */
export async function startLanguage(): Promise<void> {
  await show(keptLanguage() ?? navigator.languages.map(primary).find(isLanguage) ?? 'en');
}

/** Shows a language from now on, also on the next visit. */
export async function chooseLanguage(chosen: Language): Promise<void> {
  try {
    localStorage.setItem(KEY, chosen);
  } catch {
    // Storage is forbidden: it holds for this visit.
  }
  await show(chosen);
}

/** Where a catalogue cannot be fetched, everything stays as it is. */
async function show(chosen: Language): Promise<void> {
  const fetched = chosen === 'en' ? en : await import('./de.ts').then(({ de }) => de).catch(() => undefined);
  if (!fetched) return;
  catalogue = fetched;
  current = chosen;
  document.documentElement.lang = chosen;
  changes.emit('change', chosen);
}

function keptLanguage(): Language | undefined {
  try {
    const kept = localStorage.getItem(KEY);
    return kept !== null && isLanguage(kept) ? kept : undefined;
  } catch {
    return undefined;
  }
}

/** `de` of `de-AT`. */
function primary(tag: string): string {
  return tag.split('-', 1)[0]?.toLowerCase() ?? '';
}
