import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { de } from './de.ts';
import { en } from './en.ts';

type Leaf = string | ((...gaps: never[]) => string);

/** `sections.models` and what stands there; lists by their index. */
function leaves(catalogue: object, path = ''): [string, Leaf][] {
  return Object.entries(catalogue).flatMap(([key, value]: [string, Leaf | object]) =>
    typeof value === 'object' ? leaves(value, `${path}${key}.`) : [[`${path}${key}`, value] as [string, Leaf]],
  );
}

/** What a sentence says of each gap, once as one thing and once as many. */
function filled(sentence: (...gaps: never[]) => string, gap: (index: number) => unknown): string {
  return sentence(...(Array.from({ length: sentence.length }, (_, index) => gap(index)) as never[]));
}

const english = leaves(en);
const german = new Map(leaves(de));

test('both catalogues hold the same keys', () => {
  expect([...german.keys()].toSorted()).toEqual(english.map(([key]) => key).toSorted());
});

test.each(english)('%s has the same gaps in both languages, and says something', (key, leaf) => {
  const other = german.get(key);
  expect(typeof other).toBe(typeof leaf);
  if (typeof leaf === 'string' || typeof other !== 'function') return;
  expect(other.length).toBe(leaf.length);
  for (const count of [1, 7]) {
    // Numbers that no sentence holds by itself, and that choose the plural's form.
    const gap = (index: number) => (index === leaf.length - 1 && count === 1 ? 1 : 70 + index);
    for (const sentence of [leaf, other]) {
      const said = filled(sentence, gap);
      for (let index = 0; index < leaf.length; index++) expect(said).toContain(String(gap(index)));
    }
  }
});

test('what English says, German says in other words', () => {
  const same = english.filter(([key, leaf]) => typeof leaf === 'string' && /\s/.test(leaf) && german.get(key) === leaf);
  expect(same).toEqual([]);
});

test('whatever the page logs is said in words', () => {
  const rooms = ['node', 'work', 'weights', 'swarm', 'engine', 'adapters', 'training'];
  const sources = rooms
    .flatMap((room) => readdirSync(`src/${room}`, { recursive: true }).map((path) => `src/${room}/${String(path)}`))
    .filter((path) => path.endsWith('.ts') && !/\.test\.ts$|relay-node\.ts$/.test(path));
  const logged = sources.flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(/logger\.(?:info|warn|error)\(\s*(?:'([^']+)'|`)/g)].map(
      ([, text]) => text,
    ),
  );
  expect(logged.length).toBeGreaterThan(20);
  expect(new Set(logged)).toEqual(new Set(Object.keys(en.log)));
});
