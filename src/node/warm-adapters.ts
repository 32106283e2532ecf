import type { AppError } from '../base/app-error.ts';
import type { AdapterRoot, ModelRoot } from '../base/branded.ts';
import type { AdapterReport, AdapterWeights, ModelReport } from '../engine/index.ts';
import { NodeError } from './errors.ts';
import type { HeldAdapter } from './held-adapter.ts';
import type { ShelfModel } from './snapshot.ts';

/** Adapters in the engine's memory, ready for sequences of the loaded model. */
export interface WarmAdapters {
  /**
   * Makes an adapter of the loaded model ready and keeps it so until the returned function is called.
   *
   * @param isOwn this device's person asks: what others ask for is fetched within limits, and not again soon after a failure
   * @throws {NodeError} `adapter-refused`; {AdapterError}, {WeightsError}, {EngineError}, {GpuError} by name; AbortError
   */
  use(model: ModelRoot, adapter: AdapterRoot, isOwn: boolean, signal: AbortSignal): Promise<() => void>;
  /** Those that need no loading now. */
  roots(): readonly AdapterRoot[];
  /** Whether anything may be fetched for others. */
  holdData(isHeld: boolean): void;
}

export interface WarmAdapterComponents {
  readonly models: () => readonly Pick<ShelfModel, 'root' | 'adapter' | 'author' | 'sizeBytes' | 'heldBytes'>[];
  /** Fetches an adapter if need be and checks it. */
  readonly open: (adapter: ModelRoot, signal: AbortSignal) => Promise<HeldAdapter>;
  /** Another object each time a model is loaded. */
  readonly loaded: () => ModelReport | undefined;
  readonly load: (model: ModelRoot, adapter: AdapterRoot, weights: AdapterWeights) => Promise<AdapterReport>;
  readonly unload: (model: ModelRoot, adapter: AdapterRoot) => Promise<void>;
  readonly now: () => number;
  readonly onChange: () => void;
}

/** Ranks up to each share one part of the memory, so that one of rank 64 never drives eight of rank 8 away. */
const TIERS = [8, 16, 32, 64];
/** Bytes of adapters in memory that nobody uses, a tier. */
export const TIER_BYTES = 128 * 1024 * 1024;
/** Bytes of one adapter that strangers may have this device fetch: rank 64 on all products of a 1.5B model is less. */
const MAX_FETCHED_BYTES = 256 * 1024 * 1024;
/** …and of all adapters on its disk, those that its person fetched included. */
const MAX_HELD_BYTES = 1024 * 1024 * 1024;
/** What failed for a stranger is not tried again for so long. */
const FAILURE_MS = 30_000;

interface Entry {
  readonly root: AdapterRoot;
  readonly ready: Promise<void>;
  report: AdapterReport | undefined;
  users: number;
  lastUse: number;
}

export function createWarmAdapters(components: WarmAdapterComponents): WarmAdapters {
  const { models, open, loaded, load, unload, now, onChange } = components;
  const failures = new Map<AdapterRoot, { readonly error: unknown; readonly atMs: number }>();
  let session: ModelReport | undefined;
  let entries = new Map<AdapterRoot, Entry>();
  let uses = 0;
  let isDataHeld = false;

  /** What was loaded beside another model, or before the engine ended, is gone with it. */
  function current(): Map<AdapterRoot, Entry> {
    if (session !== loaded()) {
      session = loaded();
      entries = new Map();
    }
    return entries;
  }

  function checkStranger(adapter: AdapterRoot): void {
    const listed = models().find(({ root }) => (root as string) === adapter);
    if (!listed?.adapter) throw refused(adapter, 'is not on this device’s shelf');
    const missing = listed.sizeBytes - listed.heldBytes;
    if (missing === 0) return;
    if (listed.author !== undefined) throw refused(adapter, 'is a peer’s own, which only a person fetches');
    if (isDataHeld) throw refused(adapter, 'would have to be fetched, and today’s data is used up');
    if (listed.sizeBytes > MAX_FETCHED_BYTES) {
      throw refused(adapter, `has ${listed.sizeBytes} bytes, ${MAX_FETCHED_BYTES} are fetched for others`);
    }
    const held = models().reduce((sum, each) => sum + (each.adapter ? each.heldBytes : 0), 0);
    if (held + missing > MAX_HELD_BYTES) {
      throw refused(adapter, `finds no room: adapters here have ${held} of ${MAX_HELD_BYTES} bytes`);
    }
  }

  async function fill(model: ModelRoot, adapter: AdapterRoot): Promise<AdapterReport> {
    // Whoever waits for it may leave; what is fetched is kept for the next.
    const { base, weights } = await open(adapter as string as ModelRoot, new AbortController().signal);
    if (base !== model) throw refused(adapter, `changes model ${base.slice(0, 12)}…, not ${model.slice(0, 12)}…`);
    return load(model, adapter, weights);
  }

  function start(model: ModelRoot, root: AdapterRoot, isOwn: boolean): Entry {
    const failure = failures.get(root);
    if (!isOwn && failure && now() - failure.atMs < FAILURE_MS) throw failure.error;
    if (!isOwn) checkStranger(root);
    const within = entries;
    const entry: Entry = { root, users: 0, lastUse: 0, report: undefined, ready: fill(model, root).then(settle) };
    within.set(root, entry);
    entry.ready.catch((error: unknown) => {
      if (within.get(root) === entry) within.delete(root);
      failures.set(root, { error, atMs: now() });
    });
    function settle(report: AdapterReport): void {
      entry.report = report;
      failures.delete(root);
      onChange();
    }
    return entry;
  }

  /** In each tier, the least recently used go until the others fit. */
  function trim(model: ModelRoot): void {
    for (const [i, most] of TIERS.entries()) {
      const least = TIERS[i - 1] ?? 0;
      const tier = [...entries.values()].flatMap((entry) =>
        entry.report && entry.report.rank > least && entry.report.rank <= most
          ? [{ entry, bytes: entry.report.sizeBytes }]
          : [],
      );
      let bytes = tier.reduce((sum, each) => sum + each.bytes, 0);
      for (const each of tier.toSorted((a, b) => a.entry.lastUse - b.entry.lastUse)) {
        if (bytes <= TIER_BYTES) break;
        if (each.entry.users > 0) continue;
        bytes -= each.bytes;
        entries.delete(each.entry.root);
        void unload(model, each.entry.root).catch(() => undefined);
        onChange();
      }
    }
  }

  return {
    async use(model, adapter, isOwn, signal) {
      signal.throwIfAborted();
      const within = current();
      const entry = within.get(adapter) ?? start(model, adapter, isOwn);
      entry.users += 1;
      entry.lastUse = uses++;
      let isUsing = true;
      const leave = () => {
        if (!isUsing) return;
        isUsing = false;
        entry.users -= 1;
        if (within === entries) trim(model);
      };
      try {
        await untilAborted(entry.ready, signal);
      } catch (error) {
        leave();
        throw error;
      }
      return leave;
    },
    roots: () => [...current().values()].flatMap(({ root, report }) => (report ? [root] : [])),
    holdData(isHeld) {
      isDataHeld = isHeld;
    },
  };
}

async function untilAborted(done: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    await Promise.race([done, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

function refused(adapter: AdapterRoot, why: string): AppError {
  return new NodeError('adapter-refused', `node: adapter ${adapter.slice(0, 12)}… ${why}; ask another device`, {});
}
