/** Where an engine keeps which variants were fastest on a device: short texts by short keys. */
export interface TuningStore {
  get(key: string): Promise<unknown>;
  set(key: string, value: string): Promise<void>;
}

/** Keeps them as long as the engine lives: a device that comes back after a loss gets the same variants, the same bits. */
export function createMemoryTunings(): TuningStore {
  const kept = new Map<string, string>();
  return {
    get: async (key) => kept.get(key),
    set: async (key, value) => void kept.set(key, value),
  };
}

/** One in front of another that outlives it and may fail: a tuning that cannot be read or kept is made again. */
export function withMemory(lasting: TuningStore): TuningStore {
  const memory = createMemoryTunings();
  return {
    get: async (key) => (await memory.get(key)) ?? (await lasting.get(key).catch(() => undefined)),
    async set(key, value) {
      await memory.set(key, value);
      await lasting.set(key, value).catch(() => undefined);
    },
  };
}
