import { createStore, delMany, entries, get, set, type UseStore } from 'idb-keyval';
import { add, dayOf, KEPT, minuteOf, type Amounts, type History, type Span } from './history.ts';

const NAME = 'starling-history';
let opened: UseStore | undefined;
/** Opened by the first writing, once: each opening would be a connection of its own. */
const store = () => (opened ??= createStore(NAME, 'spans'));

type Kind = keyof History;
const keyOf = (kind: Kind, startMs: number) => `${kind} ${String(startMs).padStart(15, '0')}`;

/** Adds what was done to the minute and the day of a moment. @throws what the browser's storage throws */
export async function addToHistory(atMs: number, done: Amounts): Promise<void> {
  await addTo('minutes', minuteOf(atMs), done);
  await addTo('days', dayOf(atMs), done);
}

async function addTo(kind: Kind, startMs: number, done: Amounts): Promise<void> {
  const key = keyOf(kind, startMs);
  const kept = await get<Span>(key, store());
  await set(key, { startMs, ...(kept ? add(kept, done) : done) }, store());
}

/** What this device has done, as far back as it is kept. Where nothing was ever kept, asking makes nothing. */
export async function readHistory(): Promise<History> {
  const databases = await indexedDB.databases().catch(() => []);
  if (!databases.some(({ name }) => name === NAME)) return { minutes: [], days: [] };
  const all = await entries<string, Span>(store());
  const of = (kind: Kind) =>
    all
      .filter(([key]) => key.startsWith(kind))
      .map(([, span]) => span)
      .toSorted((a, b) => a.startMs - b.startMs);
  return { minutes: of('minutes'), days: of('days') };
}

/** Lets the oldest go, so that the store stays within its bounds. */
export async function pruneHistory(): Promise<void> {
  const history = await readHistory();
  const old = (['minutes', 'days'] as const).flatMap((kind) =>
    history[kind].slice(0, -KEPT[kind]).map(({ startMs }) => keyOf(kind, startMs)),
  );
  if (old.length > 0) await delMany(old, store());
}
