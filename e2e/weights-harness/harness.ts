import type { ModelRoot } from '../../src/base/branded.ts';
import { systemClock } from '../../src/base/clock.ts';
import { createLogger } from '../../src/base/logger.ts';
import { createRandom } from '../../src/base/random.ts';
import {
  createIdbModelRecords,
  createIdbPartialStore,
  createIdbPieceStore,
  ModelLibrary,
  rebuildFile,
  type PieceStore,
} from '../../src/weights/index.ts';
import { ModelTransfer, type ModelSources } from '../../src/weights/page-index.ts';

/** One visitor's side of a transfer, for tests to drive from outside the page. */

export interface FetchOrder {
  readonly manifest: string;
  readonly torrent: string;
  readonly sources: ModelSources;
  readonly headerOnly?: boolean;
  readonly patienceMs?: number;
}

export interface Outcome {
  readonly state: 'running' | 'done' | 'failed';
  readonly error?: { readonly name: string; readonly code: unknown; readonly message: string };
}

const logs: string[] = [];
const honest = createIdbPieceStore();
let isLying = false;
const pieces: PieceStore = {
  ...honest,
  async slice(hash, start, end) {
    const bytes = await honest.slice(hash, start, end);
    if (isLying) for (let i = 0; i < bytes.length; i += 1024) bytes[i] = (bytes[i] ?? 0) ^ 0xff;
    return bytes;
  },
};
const partials = createIdbPartialStore();
const library = new ModelLibrary({
  records: createIdbModelRecords(),
  pieces,
  partials,
  clock: systemClock,
  storage: { estimate: () => navigator.storage.estimate(), persist: () => navigator.storage.persist() },
});
const logger = createLogger('weights', ({ level, text, fields }) => {
  if (level !== 'debug') logs.push(`${level} ${text} ${JSON.stringify(fields)}`);
});
let transfer: ModelTransfer | undefined;
let outcome: Outcome = { state: 'running' };
let root: ModelRoot | undefined;

async function bytesOf(url: string): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(await (await fetch(url)).arrayBuffer());
}

const harness = {
  /** Starts; `outcome` tells how it goes. */
  async start(order: FetchOrder): Promise<void> {
    const known = await library.add(await bytesOf(order.manifest), await bytesOf(order.torrent));
    root = known.manifest.root;
    const seed = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
    transfer ??= new ModelTransfer(
      { library, pieces, partials, clock: systemClock, random: createRandom(seed), logger },
      order.patienceMs === undefined ? {} : { patienceMs: order.patienceMs },
    );
    outcome = { state: 'running' };
    const run = order.headerOnly ? transfer.fetchHeader(root, order.sources) : transfer.fetch(root, order.sources);
    run.then(
      () => (outcome = { state: 'done' }),
      (error: unknown) => {
        const { name, message, code } = error as Error & { code: unknown };
        outcome = { state: 'failed', error: { name, message, code } };
      },
    );
  },
  outcome: () => outcome,
  progress: () => (root ? transfer?.progress(root) : undefined),
  shelf: async () =>
    (await library.list()).map(({ root, state, heldBytes, sharedBytes }) => ({ root, state, heldBytes, sharedBytes })),
  heldBytes: () => library.heldBytes(),
  waitingChunks: async (infoHash: string) => (await partials.list(infoHash)).length,
  lie: () => void (isLying = true),
  pause: () => (root ? transfer?.pause(root) : undefined),
  resume: () => void (root ? transfer?.resume(root).catch(() => undefined) : undefined),
  async stop() {
    await transfer?.stop();
    transfer = undefined;
  },
  logs: () => logs,
  /** SHA-256 of the file rebuilt from the store. */
  async rebuiltHash(): Promise<string> {
    if (!root) return '';
    const { manifest } = await library.get(root);
    const bytes = new Uint8Array(await new Response(rebuildFile(manifest, pieces)).arrayBuffer());
    const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
  },
};

export type Harness = typeof harness;
declare global {
  var harness: Harness;
}
globalThis.harness = harness;
