import {
  createIdbModelRecords,
  createIdbPartialStore,
  createIdbPieceStore,
  createMemoryModelRecords,
  createMemoryPartialStore,
  createMemoryPieceStore,
  type ModelRecords,
  type PartialStore,
  type PieceStore,
  type StorageQuota,
} from '../weights/index.ts';
import type { KeyValueStore } from '../work/index.ts';
import { createIdbKeyValue } from './idb-key-value.ts';
import { createMemoryKeyValue } from './memory-key-value.ts';

/**
 * Where a node in another site's page keeps its models; a page of Starling's own always takes `own`.
 *
 * - `own`: what the browser keeps for this origin here, within another site that site's alone
 * - `lent`: the databases of Starling's own site, which a person let this frame use; each model is there once a device
 * - `memory`: gone with the page
 */
export type StoragePlace =
  | { readonly t: 'own' }
  | { readonly t: 'lent'; readonly indexedDB: IDBFactory; readonly estimate: () => Promise<StorageEstimate> }
  | { readonly t: 'memory' };

/** What a node keeps, and where. */
export interface NodeStorage {
  readonly place: StoragePlace['t'];
  readonly records: ModelRecords;
  readonly pieces: PieceStore;
  readonly partials: PartialStore;
  readonly quota: StorageQuota;
  /** Jobs and keys. They never leave the site within which they were made. */
  readonly keyValue: (name: string, store?: string) => KeyValueStore;
}

/** Of models in memory, beside those on the GPU: what a phone's page may hold without being ended. */
const MEMORY_BYTES = 256 * 1024 * 1024;

export function openNodeStorage(place: StoragePlace): NodeStorage {
  if (place.t === 'memory') return openMemory();
  const factory = place.t === 'lent' ? place.indexedDB : undefined;
  return {
    place: place.t,
    records: createIdbModelRecords(factory),
    pieces: createIdbPieceStore(undefined, factory),
    partials: createIdbPartialStore(factory),
    quota: {
      estimate: place.t === 'lent' ? place.estimate : () => navigator.storage.estimate(),
      persist: () => navigator.storage.persist(),
    },
    keyValue: createIdbKeyValue,
  };
}

function openMemory(): NodeStorage {
  const pieces = createMemoryPieceStore();
  return {
    place: 'memory',
    records: createMemoryModelRecords(),
    pieces,
    partials: createMemoryPartialStore(),
    quota: {
      async estimate() {
        const held = [...(await pieces.list()).values()];
        return { quota: MEMORY_BYTES, usage: held.reduce((sum, bytes) => sum + bytes, 0) };
      },
      persist: () => Promise.resolve(false),
    },
    keyValue: createMemoryKeyValue,
  };
}
