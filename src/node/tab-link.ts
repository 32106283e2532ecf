import { expose, proxy, transfer, wrap, type Remote } from 'comlink';
import type { LogEntry } from '../base/logger.ts';
import { installRealmErrors } from '../base/realm-errors.ts';
import { NodeError } from './errors.ts';
import type { Limits } from './governor/signals.ts';
import type { NodeSnapshot } from './snapshot.ts';
import type { ChatOptions, StarlingNode } from './starling-node.ts';

/** A tab in a frozen or crashed state answers nothing; longer than a busy one takes. */
const ANSWER_MS = 5_000;

/** What the node's tab does for the other tabs: its node, in a form that crosses a message port. */
interface SharedNode extends Pick<
  StarlingNode,
  | 'readOffer'
  | 'contribute'
  | 'stop'
  | 'download'
  | 'takeModelFile'
  | 'cancelDownload'
  | 'deleteModel'
  | 'shareAdapter'
  | 'withdrawAdapter'
  | 'exportModel'
  | 'submitBatch'
  | 'resumeJob'
  | 'cancelJob'
  | 'removeJob'
  | 'jobFiles'
> {
  watch(onSnapshot: (snapshot: NodeSnapshot) => void, onLog: (entry: LogEntry) => void): Promise<NodeSnapshot>;
  pause(forMs?: number): void;
  resume(): void;
  setLimits(limits: Limits): void;
  chat(id: string, options: Omit<ChatOptions, 'onText' | 'signal'>, onText: (text: string) => void): Promise<void>;
  cancelChat(id: string): void;
  metrics(): Readonly<Record<string, number>>;
}

/** Whether this browser can join its tabs; those without shared workers offer to take over instead. */
export function canLinkTabs(): boolean {
  return typeof SharedWorker === 'function';
}

function broker(): MessagePort {
  const worker = new SharedWorker(new URL('../../workers/tab-broker.shared-worker.ts', import.meta.url), {
    type: 'module',
    name: 'starling-tabs',
  });
  worker.port.start();
  return worker.port;
}

/**
 * Offers this tab's node to the other tabs, for as long as it holds the device's lock.
 *
 * @returns ends it
 */
export function leadTabs(node: StarlingNode): () => void {
  installRealmErrors();
  const port = broker();
  const followers = new Set<{ close(): void }>();
  port.addEventListener('message', ({ ports: [follower] }: MessageEvent) => {
    if (!follower) return;
    const { api, close } = shareNode(node);
    expose(api, follower);
    followers.add({
      close() {
        close();
        follower.close();
      },
    });
  });
  port.postMessage({ t: 'lead' });
  return () => {
    for (const follower of followers) follower.close();
    port.close();
  };
}

function shareNode(node: StarlingNode): { api: SharedNode; close(): void } {
  const chats = new Map<string, AbortController>();
  const ends: (() => void)[] = [];
  const api: SharedNode = {
    async watch(onSnapshot, onLog) {
      ends.push(
        node.onChange(() => onSnapshot(node.snapshot())),
        node.onLog((entry) => onLog(entry)),
      );
      return node.snapshot();
    },
    readOffer: () => node.readOffer(),
    contribute: (consent) => node.contribute(consent),
    pause: (forMs) => node.pause(forMs),
    resume: () => node.resume(),
    setLimits: (limits) => node.setLimits(limits),
    stop: () => node.stop(),
    download: (root) => node.download(root),
    takeModelFile: (file) => node.takeModelFile(file),
    cancelDownload: (root) => node.cancelDownload(root),
    deleteModel: (root) => node.deleteModel(root),
    shareAdapter: (root) => node.shareAdapter(root),
    withdrawAdapter: (root) => node.withdrawAdapter(root),
    async exportModel(root) {
      const stream = await node.exportModel(root);
      return transfer(stream, [stream]);
    },
    submitBatch: (file, where, adapter) => node.submitBatch(file, where, adapter),
    resumeJob: (id) => node.resumeJob(id),
    cancelJob: (id) => node.cancelJob(id),
    removeJob: (id) => node.removeJob(id),
    jobFiles: (id) => node.jobFiles(id),
    async chat(id, options, onText) {
      const controller = new AbortController();
      chats.set(id, controller);
      try {
        await node.chat({ ...options, onText, signal: controller.signal });
      } finally {
        chats.delete(id);
      }
    },
    cancelChat: (id) => chats.get(id)?.abort(),
    metrics: () => node.metrics(),
  };
  return {
    api,
    close() {
      for (const end of ends) end();
      for (const chat of chats.values()) chat.abort();
    },
  };
}

/** Another tab's node as this tab sees it. */
export interface FollowedNode extends StarlingNode {
  /** The other tab is gone: nothing more comes from it. */
  close(): void;
}

/**
 * Finds the tab that is the node.
 *
 * @throws {NodeError} `elsewhere` if it does not answer within five seconds
 */
export async function followTabs(onChange: () => void, onLog: (entry: LogEntry) => void): Promise<FollowedNode> {
  installRealmErrors();
  const introduction = broker();
  const found = new Promise<MessagePort>((resolve) => {
    introduction.addEventListener('message', ({ ports: [port] }: MessageEvent) => port && resolve(port), {
      once: true,
    });
  });
  introduction.postMessage({ t: 'follow' });
  const port = await answered(found);
  const remote: Remote<SharedNode> = wrap<SharedNode>(port);
  let shown: NodeSnapshot;
  const show = (snapshot: NodeSnapshot) => {
    shown = snapshot;
    onChange();
  };
  shown = await answered(remote.watch(proxy(show), proxy(onLog)));
  const gone = Promise.withResolvers<never>();
  gone.promise.catch(() => undefined);
  /** A closed tab never answers what it still owes. */
  const ask = <T>(answer: Promise<T>): Promise<T> => Promise.race([answer, gone.promise]);
  return {
    snapshot: () => ({ ...shown, isOtherTab: true }),
    onChange: () => () => undefined,
    onLog: () => () => undefined,
    readOffer: () => ask(remote.readOffer()),
    contribute: (consent) => ask(remote.contribute(consent)),
    pause: (forMs) => void remote.pause(forMs),
    resume: () => void remote.resume(),
    setLimits: (limits) => void remote.setLimits(limits),
    stop: () => ask(remote.stop()),
    takeOver: () => Promise.resolve(),
    claim: () => Promise.resolve(true),
    download: (root) => ask(remote.download(root)),
    takeModelFile: (file) => ask(remote.takeModelFile(file)),
    cancelDownload: (root) => ask(remote.cancelDownload(root)),
    deleteModel: (root) => ask(remote.deleteModel(root)),
    shareAdapter: (root) => ask(remote.shareAdapter(root)),
    withdrawAdapter: (root) => ask(remote.withdrawAdapter(root)),
    exportModel: (root) => ask(remote.exportModel(root)),
    submitBatch: (file, where, adapter) => ask(remote.submitBatch(file, where, adapter)),
    resumeJob: (id) => ask(remote.resumeJob(id)),
    cancelJob: (id) => ask(remote.cancelJob(id)),
    removeJob: (id) => ask(remote.removeJob(id)),
    jobFiles: (id) => ask(remote.jobFiles(id)),
    async chat({ onText, signal, ...options }) {
      const id = crypto.randomUUID();
      const cancel = () => void remote.cancelChat(id);
      signal.throwIfAborted();
      signal.addEventListener('abort', cancel, { once: true });
      try {
        await ask(remote.chat(id, options, proxy(onText)));
      } finally {
        signal.removeEventListener('abort', cancel);
      }
      signal.throwIfAborted();
    },
    openStudio: () => Promise.reject(new NodeError('elsewhere', 'node: teach in the tab that is the node', {})),
    metrics: () => ({}),
    close() {
      gone.reject(new NodeError('elsewhere', 'node: the tab that computed was closed; start again in this one', {}));
      port.close();
      introduction.close();
    },
  };
}

async function answered<T>(answer: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const silence = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new NodeError('elsewhere', 'node: another tab is the node and does not answer', {})),
      ANSWER_MS,
    );
  });
  return Promise.race([answer, silence]).finally(() => clearTimeout(timer));
}
