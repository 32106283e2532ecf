import type { HostMessage } from '../messages.ts';

type Asked = Extract<HostMessage, { readonly t: 'complete' | 'say' | 'consent' }>;
/** A question without its number. */
export type Question = Asked extends infer Each ? (Each extends unknown ? Omit<Each, 'id'> : never) : never;

/** Questions to the frame and what comes back to each. */
export interface Requests {
  ask(question: Question, onText: (text: string) => void, signal?: AbortSignal): Promise<unknown>;
  text(id: number, text: string): void;
  done(id: number, value: unknown): void;
  failed(id: number, error: Error): void;
  /** The frame is gone: nothing of all this will be answered. */
  failAll(error: Error): void;
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  readonly onText: (text: string) => void;
}

export function createRequests(send: (message: HostMessage) => void): Requests {
  const pending = new Map<number, Pending>();
  let last = 0;
  const take = (id: number) => {
    const found = pending.get(id);
    pending.delete(id);
    return found;
  };
  return {
    async ask(question, onText, signal) {
      signal?.throwIfAborted();
      const id = ++last;
      const cancel = () => {
        send({ t: 'cancel', id });
        take(id)?.reject(signal?.reason);
      };
      signal?.addEventListener('abort', cancel, { once: true });
      try {
        return await new Promise((resolve, reject) => {
          pending.set(id, { resolve, reject, onText });
          send({ ...question, id });
        });
      } finally {
        signal?.removeEventListener('abort', cancel);
      }
    },
    text: (id, text) => pending.get(id)?.onText(text),
    done: (id, value) => take(id)?.resolve(value),
    failed: (id, error) => take(id)?.reject(error),
    failAll(error) {
      for (const id of pending.keys()) take(id)?.reject(error);
    },
  };
}
