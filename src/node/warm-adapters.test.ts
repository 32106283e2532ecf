import { expect, test } from 'vitest';
import type { AdapterRoot, ModelRoot, PeerId } from '../base/branded.ts';
import type { ModelReport } from '../engine/index.ts';
import type { ShelfModel } from './snapshot.ts';
import { createWarmAdapters, TIER_BYTES } from './warm-adapters.ts';

const BASE = 'a'.repeat(64) as ModelRoot;
const OTHER = 'b'.repeat(64) as ModelRoot;
const MIB = 1024 * 1024;
const signal = new AbortController().signal;
const rootOf = (name: string) => name as AdapterRoot;

interface Listed {
  readonly rank?: number;
  /** In the engine's memory. */
  readonly bytes?: number;
  readonly sizeBytes?: number;
  readonly isHeld?: boolean;
  readonly base?: ModelRoot;
  readonly author?: string;
}

/** A device whose shelf lists these; opening one waits where it is told to. */
function createDevice(listed: Readonly<Record<string, Listed>>) {
  const log: string[] = [];
  let loaded = { root: BASE } as ModelReport | undefined;
  let nowMs = 0;
  const failing = new Set<string>();
  const gate: { wait: Promise<void> } = { wait: Promise.resolve() };
  const of = (root: string): Listed => listed[root] ?? {};
  const adapters = createWarmAdapters({
    models: () =>
      Object.entries(listed).map(([root, { rank = 8, sizeBytes = 10, isHeld = true, base = BASE, author }]) => ({
        root: root as ModelRoot,
        adapter: { base, rank, parents: [] } as ShelfModel['adapter'],
        author: author as PeerId | undefined,
        sizeBytes,
        heldBytes: isHeld ? sizeBytes : 0,
      })),
    async open(root) {
      log.push(`open ${root}`);
      await gate.wait;
      if (failing.has(root)) throw Object.assign(new Error('broken file'), { code: 'adapter-invalid' });
      return { base: of(root).base ?? BASE, weights: new Map() };
    },
    loaded: () => loaded,
    load: async (_, root) => ({ rank: of(root).rank ?? 8, sizeBytes: of(root).bytes ?? 1 }),
    async unload(_, root) {
      log.push(`unload ${root}`);
    },
    now: () => nowMs,
    onChange: () => undefined,
  });
  return {
    adapters,
    log,
    gate,
    failing,
    pass: (ms: number) => (nowMs += ms),
    reload: () => (loaded = { root: BASE } as ModelReport),
    use: (name: string, isOwn = false) => adapters.use(BASE, rootOf(name), isOwn, signal),
  };
}

test('an adapter is opened once for all who use it at the same time, and stays for the next', async () => {
  const { use, log, adapters } = createDevice({ x: {} });
  const [first, second] = await Promise.all([use('x'), use('x')]);
  first?.();
  second?.();
  await use('x');
  expect(log).toEqual(['open x']);
  expect(adapters.roots()).toEqual(['x']);
});

test('the least recently used of its own rank tier goes, never one in use', async () => {
  const large = TIER_BYTES / 2 + 1;
  const { use, log, adapters } = createDevice({
    small: { rank: 8 },
    old: { rank: 16, bytes: large },
    used: { rank: 12, bytes: large },
    next: { rank: 16, bytes: large },
  });
  (await use('small'))();
  (await use('old'))();
  const release = await use('used');
  expect(log).not.toContain('unload old');
  (await use('next'))();
  expect(log.filter((line) => line.startsWith('unload'))).toEqual(['unload old', 'unload next']);
  expect(adapters.roots()).toEqual(['small', 'used']);
  release();
  expect(adapters.roots()).toEqual(['small', 'used']);
});

test('with another model, or the same loaded again, none is warm', async () => {
  const { use, log, adapters, reload } = createDevice({ x: {} });
  await use('x');
  reload();
  expect(adapters.roots()).toEqual([]);
  await use('x');
  expect(log).toEqual(['open x', 'open x']);
});

test.each([
  ['one that nobody here knows', 'absent', 'not on this device’s shelf'],
  ['one that is too large to be fetched for others', 'huge', 'are fetched for others'],
  ['one for which there is no room', 'much', 'finds no room'],
  ['one of a peer’s own that is not held', 'private', 'only a person fetches'],
  ['one of another base', 'foreign', 'changes model'],
])('a stranger is refused %s, by name', async (_, name, why) => {
  const { use, adapters } = createDevice({
    kept: { sizeBytes: 900 * MIB },
    huge: { sizeBytes: 300 * MIB, isHeld: false },
    much: { sizeBytes: 200 * MIB, isHeld: false },
    private: { author: 'somebody', isHeld: false },
    foreign: { base: OTHER },
  });
  await expect(use(name)).rejects.toMatchObject({ code: 'adapter-refused' });
  await expect(use(name)).rejects.toThrow(why);
  expect(adapters.roots()).toEqual([]);
});

test('nothing is fetched for a stranger while the person’s data is used up, and what is held still serves', async () => {
  const { use, adapters } = createDevice({ far: { isHeld: false }, near: {} });
  adapters.holdData(true);
  await expect(use('far')).rejects.toThrow('today’s data is used up');
  await use('near');
  await use('far', true);
  expect(adapters.roots()).toEqual(['near', 'far']);
});

test('what failed is not tried again for strangers for a while, but for this device’s person it is', async () => {
  const { use, log, failing, pass } = createDevice({ x: {} });
  failing.add('x');
  await expect(use('x')).rejects.toMatchObject({ code: 'adapter-invalid' });
  await expect(use('x')).rejects.toMatchObject({ code: 'adapter-invalid' });
  expect(log).toHaveLength(1);
  pass(30_000);
  await expect(use('x')).rejects.toMatchObject({ code: 'adapter-invalid' });
  expect(log).toHaveLength(2);
  failing.clear();
  await use('x', true);
  await use('x');
  expect(log).toHaveLength(3);
});

test('whoever stops waiting leaves at once, and the others get it', async () => {
  const { adapters, gate, use } = createDevice({ x: {} });
  const opened = Promise.withResolvers<void>();
  gate.wait = opened.promise;
  const abort = new AbortController();
  const left = adapters.use(BASE, rootOf('x'), false, abort.signal);
  const stays = use('x');
  abort.abort();
  await expect(left).rejects.toMatchObject({ name: 'AbortError' });
  opened.resolve();
  await stays;
  expect(adapters.roots()).toEqual(['x']);
});
