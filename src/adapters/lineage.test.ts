import { expect, test } from 'vitest';
import type { ModelRoot } from '../base/branded.ts';
import type { AdapterFacts } from '../protocol/index.ts';
import { checkLineage } from './lineage.ts';

const root = (n: number) => n.toString(16).padStart(64, '0') as ModelRoot;
const BASE = root(999);
const facts = (parents: readonly number[], base = BASE): AdapterFacts => ({
  base,
  rank: 8,
  parents: parents.map((n) => ({ root: root(n), relation: 'continues' })),
});
const check = (of: number, all: Readonly<Record<number, AdapterFacts>>) => {
  const known = new Map(Object.entries(all).map(([n, each]) => [root(Number(n)), each]));
  checkLineage(root(of), (each) => known.get(each));
};
const refused = expect.objectContaining({ name: 'AdapterError', code: 'adapter-lineage' }) as Error;

test('an adapter without parents, with a parent, and with two that share one, are sound', () => {
  check(1, { 1: facts([]) });
  check(1, { 1: facts([2]), 2: facts([]) });
  check(1, { 1: facts([2, 3]), 2: facts([4]), 3: facts([4]), 4: facts([]) });
});

test.each([
  ['unknown itself', 1, {}],
  ['a parent that nobody knows', 1, { 1: facts([2]) }],
  ['a parent of another base', 1, { 1: facts([2]), 2: facts([], root(998)) }],
  ['its own parent', 1, { 1: facts([1]) }],
  ['its own grandparent', 1, { 1: facts([2]), 2: facts([1]) }],
  [
    'more than 16 generations',
    1,
    Object.fromEntries(Array.from({ length: 18 }, (_, i) => [i + 1, facts(i < 17 ? [i + 2] : [])])),
  ],
] as const)('%s is refused by name', (_, of, all) => {
  expect(() => check(of, all)).toThrow(refused);
});
