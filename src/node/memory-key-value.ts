import type { KeyValueStore } from '../work/index.ts';

/** A key-value store that is gone with its page. */
export function createMemoryKeyValue(): KeyValueStore {
  const kept = new Map<string, unknown>();
  return {
    get: async (key) => kept.get(key),
    set: async (key, value) => void kept.set(key, value),
    delete: async (key) => void kept.delete(key),
    keys: async () => [...kept.keys()],
  };
}
