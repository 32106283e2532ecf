import { proxy, wrap, type Remote } from 'comlink';
import { installRealmErrors } from '../base/realm-errors.ts';
import type { EngineApi, EngineEvent, SequenceRequest } from '../engine/index.ts';
import type { PieceStore } from '../weights/index.ts';
import { openEngineRealm } from './engine-realm.ts';

/** The engine as the page sees it. */
export interface EngineClient {
  readonly api: Remote<EngineApi>;
  /** Resolves after the sequence's last event; an abort cancels it on the GPU. */
  generate(request: SequenceRequest, onEvent: (event: EngineEvent) => void, signal: AbortSignal): Promise<void>;
  /** An answer of `api`. @throws AbortError if the worker is terminated before it comes */
  answered<T>(answer: Promise<T>): Promise<T>;
  terminate(): void;
}

/**
 * Starts the engine's worker. Nothing touches the GPU until the engine is asked to.
 *
 * @param lent pieces that the worker cannot reach by itself; its origin's own by default
 */
export function startEngine(lent?: PieceStore): EngineClient {
  installRealmErrors();
  const { endpoint, end } = openEngineRealm(lent);
  const api = wrap<EngineApi>(endpoint);
  // What a terminated worker still owed is never answered.
  const ended = Promise.withResolvers<never>();
  ended.promise.catch(() => undefined);
  const answered = <T>(answer: Promise<T>): Promise<T> => Promise.race([answer, ended.promise]);
  return {
    api,
    answered,
    async generate(request, onEvent, signal) {
      signal.throwIfAborted();
      const cancel = () => void api.cancel(request.id);
      signal.addEventListener('abort', cancel, { once: true });
      // Events come over a port of their own, so the call may resolve before the last of them is here.
      const last = Promise.withResolvers<void>();
      const listener = (event: EngineEvent) => {
        onEvent(event);
        if (event.t !== 'token') last.resolve();
      };
      try {
        await answered(Promise.all([api.generate(request, proxy(listener)), last.promise]));
      } finally {
        signal.removeEventListener('abort', cancel);
      }
    },
    terminate() {
      end();
      ended.reject(new DOMException('the engine was stopped', 'AbortError'));
    },
  };
}
