import { releaseProxy } from 'comlink';

/** Calls a listener that may live in another realm and waits until it was there; its own faults are not the engine's. */
export async function tell<Event>(listener: (event: Event) => unknown, event: Event): Promise<void> {
  try {
    await listener(event);
  } catch {
    // The listener's realm reports what it threw.
  }
}

/** Closes the message port behind a callback that came over comlink; a plain function has none. */
export function releaseCallback(callback: object): void {
  (callback as { [releaseProxy]?: () => void })[releaseProxy]?.();
}
