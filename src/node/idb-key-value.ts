import { createStore, del, get, keys, set } from 'idb-keyval';
import type { KeyValueStore } from '../work/index.ts';

/** A key-value store in IndexedDB; `name` is the database. */
export function createIdbKeyValue(name: string, entries = 'entries'): KeyValueStore {
  const store = createStore(name, entries);
  return {
    get: (key) => get(key, store),
    set: (key, value) => set(key, value, store),
    delete: (key) => del(key, store),
    keys: async () => (await keys<string>(store)).map(String),
  };
}
