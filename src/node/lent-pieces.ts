import { expose, transfer, wrap } from 'comlink';
import { installRealmErrors } from '../base/realm-errors.ts';
import type { PieceStore } from '../weights/index.ts';

/** Name of an engine's worker that reads its page's pieces: databases lent to a page, and its memory, are its alone. */
export const LENT_ENGINE = 'engine-lent';

/** Lets a worker of that name read the page's pieces; the first message that it gets. */
export function lendPieces(worker: Worker, pieces: PieceStore): void {
  installRealmErrors();
  const { port1, port2 } = new MessageChannel();
  expose(
    {
      ...pieces,
      async read(hash) {
        const bytes = await pieces.read(hash);
        return transfer(bytes, [bytes.buffer]);
      },
    } satisfies PieceStore,
    port1,
  );
  worker.postMessage({ t: 'pieces' }, [port2]);
}

/** In the worker: the page's pieces, once they are lent. */
export async function borrowPieces(): Promise<PieceStore> {
  const port = await new Promise<MessagePort | undefined>((resolve) => {
    const listen = ({ ports }: MessageEvent) => resolve(ports[0]);
    addEventListener('message', listen as EventListener, { once: true });
  });
  if (!port) throw new TypeError('an engine that reads lent pieces was lent none');
  return wrap<PieceStore>(port);
}
