import type { Embedding } from '../../node/index.ts';
import type { OwnSite } from './own-site.ts';

const CHANNEL = 'starling-node';

/** Whether this frame may keep anything: not in a sandbox of scripts alone, nor where the person or the browser forbids it. */
export function mayStore(): boolean {
  try {
    return localStorage.length >= 0;
  } catch {
    return false;
  }
}

/**
 * Where this frame's node keeps its models, and with whom it agrees on being the device's one: with Starling's own site
 * where the person lets it, else within the site that shows the frame, else nowhere.
 */
export function frameStorage(site: OwnSite | undefined): Pick<Embedding, 'storage' | 'realm'> {
  if (!site) return { storage: { t: mayStore() ? 'own' : 'memory' }, realm: undefined };
  return {
    storage: { t: 'lent', indexedDB: site.indexedDB, estimate: () => site.estimate() },
    realm: { locks: site.locks, channel: site.BroadcastChannel(CHANNEL) },
  };
}
