import { proxy, wrap, type Remote } from 'comlink';
import { installRealmErrors } from '../base/realm-errors.ts';
import type { EngineApi, EngineEvent, SequenceRequest } from '../engine/index.ts';

/** The engine in its worker, as the page sees it. */
export interface EngineClient {
  readonly api: Remote<EngineApi>;
  /** Resolves after the sequence's last event; an abort cancels it on the GPU. */
  generate(request: SequenceRequest, onEvent: (event: EngineEvent) => void, signal: AbortSignal): Promise<void>;
  terminate(): void;
}

/** Starts the worker. Nothing touches the GPU until the engine is asked to. */
export function startEngine(): EngineClient {
  installRealmErrors();
  const worker = new Worker(new URL('../../workers/engine.worker.ts', import.meta.url), {
    type: 'module',
    name: 'engine',
  });
  const api = wrap<EngineApi>(worker);
  return {
    api,
    async generate(request, onEvent, signal) {
      signal.throwIfAborted();
      const cancel = () => void api.cancel(request.id);
      signal.addEventListener('abort', cancel, { once: true });
      try {
        await api.generate(request, proxy(onEvent));
      } finally {
        signal.removeEventListener('abort', cancel);
      }
    },
    terminate: () => worker.terminate(),
  };
}
