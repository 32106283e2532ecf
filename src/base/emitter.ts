/** A typed event source: `on` returns the function that unsubscribes. */
export interface Emitter<Events> {
  on<K extends keyof Events>(type: K, listener: (event: Events[K]) => void): () => void;
}

export interface EmitterSource<Events> extends Emitter<Events> {
  emit<K extends keyof Events>(type: K, event: Events[K]): void;
}

export function createEmitter<Events>(): EmitterSource<Events> {
  const listeners = new Map<keyof Events, Set<(event: never) => void>>();
  return {
    on(type, listener) {
      const set = listeners.get(type) ?? new Set();
      listeners.set(type, set);
      set.add(listener);
      return () => void set.delete(listener);
    },
    emit(type, event) {
      for (const listener of listeners.get(type) ?? []) (listener as (e: typeof event) => void)(event);
    },
  };
}
