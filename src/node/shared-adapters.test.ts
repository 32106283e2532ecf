import { expect, test } from 'vitest';
import type { AdapterRoot, ModelRoot, PeerId } from '../base/branded.ts';
import type { KnownModel } from '../weights/index.ts';
import { createSharedAdapters } from './shared-adapters.ts';
import type { ShelfModel } from './snapshot.ts';

const BASE = 'a'.repeat(64) as ModelRoot;
const SELF = 'self' as PeerId;
const rootOf = (name: string) => name as ModelRoot;

interface Listed {
  readonly author?: string;
  readonly parents?: readonly string[];
  readonly sizeBytes?: number;
}

function createDevice(listed: Readonly<Record<string, Listed>>) {
  const seeding = new Set<string>();
  const factsOf = ({ parents = [] }: Listed) => ({
    base: BASE,
    rank: 8,
    parents: parents.map((root) => ({ root: rootOf(root), relation: 'continues' as const })),
  });
  const shelf = {
    models: () =>
      Object.entries(listed).map(([root, about]) => ({
        root,
        adapter: factsOf(about),
        author: about.author,
      })) as unknown as readonly ShelfModel[],
    documents: async (root: ModelRoot) => {
      const { sizeBytes = 10 } = listed[root] ?? {};
      const manifest = {
        name: `${root}.gguf`,
        sizeBytes,
        infoHash: new Uint8Array(20),
        adapter: factsOf(listed[root] ?? {}),
      };
      return { manifest, manifestBytes: Uint8Array.of(1), torrent: Uint8Array.of(2) } as unknown as KnownModel;
    },
    seed: async (root: ModelRoot) => void seeding.add(root),
    cancel: async (root: ModelRoot) => void seeding.delete(root),
  };
  let changes = 0;
  const shared = createSharedAdapters(shelf, SELF, () => (changes += 1));
  const names = () => shared.cards().map(({ name }) => name);
  return { shared, seeding, names, changes: () => changes };
}

test('what was made here is told and seeded with the ancestors that nobody else publishes, until it is withdrawn', async () => {
  const { shared, seeding, names, changes } = createDevice({
    mine: { author: SELF, parents: ['before'] },
    before: { author: SELF, parents: ['operators'] },
    operators: {},
  });
  expect(await shared.documents('mine' as AdapterRoot)).toBeUndefined();
  await shared.share(rootOf('mine'));
  expect(names()).toEqual(['mine.gguf', 'before.gguf']);
  expect([...seeding]).toEqual(['mine', 'before']);
  expect(await shared.documents('mine' as AdapterRoot)).toEqual({
    manifestBytes: Uint8Array.of(1),
    torrent: Uint8Array.of(2),
  });
  // Transfers were ended, as when a data cap is reached.
  seeding.clear();
  await shared.seedAgain();
  expect([...seeding]).toEqual(['mine', 'before']);
  await shared.withdraw(rootOf('mine'));
  expect(names()).toEqual(['before.gguf']);
  expect([...seeding]).toEqual(['before']);
  expect(await shared.documents('mine' as AdapterRoot)).toBeUndefined();
  expect(changes()).toBe(2);
});

test.each([
  ['somebody else’s', 'theirs', 'not-shareable'],
  ['one that is too large', 'huge', 'not-shareable'],
  ['one of a line that cannot be followed', 'orphan', 'adapter-lineage'],
  ['one more than a peer may share', 'e', 'not-shareable'],
])('%s is not shared, by name, and what was shared stays', async (_, name, code) => {
  const own = { author: SELF };
  const { shared, names } = createDevice({
    a: own,
    b: own,
    c: own,
    d: own,
    e: own,
    theirs: { author: 'somebody' },
    huge: { author: SELF, sizeBytes: 2 ** 30 },
    orphan: { author: SELF, parents: ['nobody'] },
  });
  for (const each of ['a', 'b', 'c', 'd']) await shared.share(rootOf(each));
  await expect(shared.share(rootOf(name))).rejects.toMatchObject({ code });
  expect(names()).toHaveLength(4);
});
