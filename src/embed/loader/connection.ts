import { safeParse } from 'valibot';
import { EMBED_PROTOCOL, frameMessage, type EmbedOptions, type FrameMessage, type HostMessage } from '../messages.ts';
import { createBadgeFrame } from './badge-frame.ts';

export interface ConnectionInit {
  readonly address: string;
  readonly target: Element | undefined;
  readonly isTraceless: boolean;
  readonly options: EmbedOptions;
  readonly onMessage: (message: FrameMessage) => void;
  /** `foreign`: not of the schema; `silent`: nothing came; `removed`: the page took the frame away. */
  readonly onFault: (fault: 'foreign' | 'silent' | 'removed') => void;
}

export interface Connection {
  send(message: HostMessage): void;
  show(isSheet: boolean): void;
  close(): void;
}

const ANSWER_MS = 8_000;

/** Shows the frame and speaks with it over a channel that no other window has an end of. */
export function connectFrame(init: ConnectionInit): Connection {
  const { address, target, isTraceless, options, onMessage, onFault } = init;
  const { element, show } = createBadgeFrame(address, target, isTraceless);
  let port: MessagePort | undefined;
  const timer = setTimeout(() => onFault('silent'), ANSWER_MS);
  element.addEventListener('load', () => {
    const channel = new MessageChannel();
    port = channel.port1;
    port.addEventListener('message', ({ data }: MessageEvent<unknown>) => {
      clearTimeout(timer);
      const parsed = safeParse(frameMessage, data);
      if (parsed.success) onMessage(parsed.output);
      else onFault('foreign');
    });
    port.start();
    const greeting = { t: 'starling/hello', v: EMBED_PROTOCOL, options };
    // Only Starling's own origin can read it: a frame that was sent elsewhere gets nothing. Without an origin it is
    // nobody's to name, and the greeting says nothing that the page does not.
    const reader = isTraceless ? '*' : new URL(address).origin;
    element.contentWindow?.postMessage(greeting, reader, [channel.port2]);
  });
  const removals = new MutationObserver(() => {
    if (element.isConnected) return;
    close();
    onFault('removed');
  });
  removals.observe(document.documentElement, { childList: true, subtree: true });

  function close(): void {
    clearTimeout(timer);
    removals.disconnect();
    port?.close();
    element.remove();
  }

  return { send: (message) => port?.postMessage(message), show, close };
}
