import type { Logger } from '../base/logger.ts';
import { isSameStamp, stampOf } from './model-file.ts';
import type { PublishedModel } from './publish-model.ts';

/** The models that are on offer now, by root. */
export interface ModelCatalogue {
  add(model: PublishedModel): void;
  /** All that were published, whether or not their files are still as they were. */
  all(): readonly PublishedModel[];
  /** Those whose files are as they were when they were hashed. */
  offered(): Promise<readonly PublishedModel[]>;
  /** Undefined if there is none or its file has changed. */
  find(root: string): Promise<PublishedModel | undefined>;
  /** True if a torrent of ours has this info hash, 40 hex digits. */
  hasInfoHash(hex: string): boolean;
}

export function createModelCatalogue(logger: Logger, hexOf: (model: PublishedModel) => string): ModelCatalogue {
  const models = new Map<string, PublishedModel>();
  const infoHashes = new Set<string>();
  const withdrawn = new Set<string>();

  const isIntact = async (model: PublishedModel): Promise<boolean> => {
    const { root, name } = model.manifest;
    const stamp = await stampOf(model.path).catch(() => undefined);
    if (stamp && isSameStamp(stamp, model)) {
      if (withdrawn.delete(root)) logger.info(`${name} is as it was again and on offer`);
      infoHashes.add(hexOf(model));
      return true;
    }
    if (!withdrawn.has(root)) {
      withdrawn.add(root);
      logger.warn(`${name} ${stamp ? 'has changed' : 'is gone'} and is no longer offered; start again to publish it`);
    }
    infoHashes.delete(hexOf(model));
    return false;
  };

  return {
    add(model) {
      // Two files with the same content are one model; the first one serves.
      if (models.has(model.manifest.root)) return;
      models.set(model.manifest.root, model);
      infoHashes.add(hexOf(model));
    },
    all: () => [...models.values()],
    async offered() {
      const all = [...models.values()];
      const intact = await Promise.all(all.map(isIntact));
      return all.filter((_, i) => intact[i]);
    },
    async find(root) {
      const model = models.get(root);
      return model && (await isIntact(model)) ? model : undefined;
    },
    hasInfoHash: (hex) => infoHashes.has(hex),
  };
}
