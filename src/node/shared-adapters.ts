import type { AdapterRoot, ModelRoot, PeerId } from '../base/branded.ts';
import { MAX_LICENCE_CHARS, MAX_SHARED_ADAPTER_BYTES, MAX_SHARED_ADAPTERS } from '../protocol/index.ts';
import type { AdapterCard, Manifest } from '../protocol/index.ts';
import type { AdapterDocuments } from '../work/index.ts';
import { NodeError } from './errors.ts';
import type { Shelf } from './shelf.ts';

/** What this device made and shares: told in presence, seeded, its documents sent to whoever asks. */
export interface SharedAdapters {
  cards(): readonly AdapterCard[];
  has(root: ModelRoot): boolean;
  /**
   * Shares an adapter of the shelf, with those of its ancestors that nobody else publishes.
   *
   * @throws {NodeError} `not-shareable`; {AdapterError} `adapter-lineage`
   */
  share(root: ModelRoot): Promise<void>;
  withdraw(root: ModelRoot): Promise<void>;
  /** Seeds what is shared again, after all transfers were ended for a while. */
  seedAgain(): Promise<void>;
  /** Documents for somebody who asks. */
  documents(root: AdapterRoot): Promise<AdapterDocuments | undefined>;
  /** The node stops: nothing is shared until it is said again. */
  clear(): void;
}

/** @param onChange what is shared changed: it is to be told */
export function createSharedAdapters(
  shelf: Pick<Shelf, 'models' | 'documents' | 'seed' | 'cancel'>,
  self: PeerId,
  onChange: () => void,
): SharedAdapters {
  let shared = new Map<ModelRoot, AdapterCard>();

  const listed = (root: ModelRoot) => shelf.models().find((model) => model.root === root);

  /** The adapter and its ancestors, those that this device must share itself. */
  function line(root: ModelRoot, found = new Set<ModelRoot>()): Set<ModelRoot> {
    const model = listed(root);
    if (found.has(root) || !model || model.author !== self) return found;
    found.add(root);
    for (const parent of model.adapter?.parents ?? []) line(parent.root, found);
    return found;
  }

  async function cardOf(root: ModelRoot): Promise<AdapterCard> {
    const { manifest } = await shelf.documents(root);
    const { name, sizeBytes, infoHash, adapter, licence } = manifest;
    if (!adapter) throw refused(manifest, 'is no adapter');
    if (sizeBytes > MAX_SHARED_ADAPTER_BYTES) {
      throw refused(manifest, `has ${sizeBytes} bytes, ${MAX_SHARED_ADAPTER_BYTES} can be shared`);
    }
    const about = licence !== undefined && { licence: licence.slice(0, MAX_LICENCE_CHARS) };
    return { root: root as string as AdapterRoot, name, sizeBytes, infoHash, facts: adapter, ...about };
  }

  return {
    cards: () => [...shared.values()],
    has: (root) => shared.has(root),
    async share(root) {
      const { checkLineage } = await import('../adapters/index.ts');
      checkLineage(root, (each) => listed(each)?.adapter);
      const roots = [...line(root)];
      if (!roots.includes(root)) {
        throw new NodeError('not-shareable', 'node: only what was made on this device can be shared from it', {});
      }
      const cards = await Promise.all(roots.map(cardOf));
      const next = new Map([...shared, ...cards.map((card, i) => [roots[i] ?? root, card] as const)]);
      if (next.size > MAX_SHARED_ADAPTERS) {
        const message = `node: ${next.size} adapters with their ancestors, ${MAX_SHARED_ADAPTERS} can be shared at once; stop sharing another`;
        throw new NodeError('not-shareable', message, {});
      }
      shared = next;
      onChange();
      await Promise.all(roots.map((each) => shelf.seed(each)));
    },
    async withdraw(root) {
      if (!shared.delete(root)) return;
      onChange();
      await shelf.cancel(root);
    },
    async seedAgain() {
      await Promise.all([...shared.keys()].map((each) => shelf.seed(each)));
    },
    async documents(root) {
      if (!shared.has(root as string as ModelRoot)) return undefined;
      const { manifestBytes, torrent } = await shelf.documents(root as string as ModelRoot);
      return { manifestBytes, torrent };
    },
    clear() {
      shared.clear();
    },
  };
}

function refused({ name }: Manifest, why: string): NodeError {
  return new NodeError('not-shareable', `node: ${name} ${why}`, {});
}
