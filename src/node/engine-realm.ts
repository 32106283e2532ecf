import { expose, type Endpoint } from 'comlink';
import type { PieceStore } from '../weights/index.ts';
import { LENT_ENGINE, lendPieces } from './lent-pieces.ts';

/** Where an engine runs, and how it is reached. */
export interface EngineRealm {
  readonly endpoint: Endpoint;
  /** Nothing of it computes from here on, and nothing answers. */
  end(): void;
}

/**
 * Starts an engine in its worker: the page never stutters.
 *
 * In a sandboxed frame without an origin of its own browsers give no GPU to workers. There it runs in the frame itself,
 * which shows a badge and nothing else, and lies in a process of its own.
 *
 * @param lent pieces that a worker cannot reach by itself
 */
export function openEngineRealm(lent: PieceStore | undefined): EngineRealm {
  if (self.origin === 'null' && lent) return openHere(lent);
  const worker = new Worker(new URL('../../workers/engine.worker.ts', import.meta.url), {
    type: 'module',
    name: lent ? LENT_ENGINE : 'engine',
  });
  if (lent) lendPieces(worker, lent);
  return { endpoint: worker, end: () => worker.terminate() };
}

function openHere(store: PieceStore): EngineRealm {
  const { port1, port2 } = new MessageChannel();
  const engine = import('../engine/index.ts').then(({ createEngineApi }) => createEngineApi({ store }));
  void engine.then((api) => expose(api, port2));
  return {
    endpoint: port1,
    end() {
      port1.close();
      void engine.then((api) => api.stop());
    },
  };
}
