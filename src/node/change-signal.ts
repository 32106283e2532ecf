/** Tells listeners that something changed, at most once in `periodMs`, the last change included. */
export interface ChangeSignal {
  changed(): void;
  on(listener: () => void): () => void;
}

/** @param periodMs 250 by default: figures that change faster cannot be read */
export function createChangeSignal(periodMs = 250): ChangeSignal {
  const listeners = new Set<() => void>();
  let isPending = false;
  let lastMs = 0;
  const fire = () => {
    isPending = false;
    lastMs = Date.now();
    for (const listener of listeners) listener();
  };
  return {
    changed() {
      if (isPending) return;
      isPending = true;
      const waitMs = lastMs + periodMs - Date.now();
      if (waitMs <= 0) queueMicrotask(fire);
      else setTimeout(fire, waitMs);
    },
    on(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}
