import type { AdapterRoot, ModelRoot, PeerId } from '../base/branded.ts';
import { bytesToTokens, type Bytes } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import { silentLogger } from '../base/logger.ts';
import { createRandom, type Random } from '../base/random.ts';
import { createSigner, type Signer, type WorkRecord } from '../protocol/index.ts';
import type { Candidate, Channel, Directory, Executor, KeyValueStore, RecordOutcome, Tokens } from './ports.ts';

/** A swarm in one process for tests: peers with real keys, a network that misbehaves on purpose, a model of arithmetic. */

export const MODEL = 'ab'.repeat(32) as ModelRoot;
export const OTHER_MODEL = 'cd'.repeat(32) as ModelRoot;
export const ADAPTER = 'ef'.repeat(32) as AdapterRoot;
export const CONTEXT = 512;

export interface Peer {
  readonly id: PeerId;
  readonly signer: Signer;
}

export function createPeer(number: number): Peer {
  const seed = new Uint8Array(32);
  new DataView(seed.buffer).setUint32(0, number + 1);
  const signer = createSigner(seed);
  return { id: `peer-${[...signer.publicKey].join('.')}` as PeerId, signer };
}

export function publicKeyOf(peer: PeerId): Bytes {
  return Uint8Array.from(peer.slice('peer-'.length).split('.').map(Number));
}

export interface Weather {
  /** Share of messages that vanish and that arrive twice; all are late by up to `delayMs`, but stay in order. */
  readonly loss: number;
  readonly twice: number;
  readonly delayMs: number;
}

export const CALM: Weather = { loss: 0, twice: 0, delayMs: 0 };

export interface MemoryNetwork {
  channel(self: PeerId): Channel;
  /** Cuts the peer off: whatever it sends or is sent is lost, and the others see it go. */
  cut(peer: PeerId): void;
  messages(): number;
}

/** Channels between peers of one process, in order between any two. */
export function createMemoryNetwork(clock: Clock, random: Random = createRandom(1), weather = CALM): MemoryNetwork {
  const receivers = new Map<PeerId, Set<(peer: PeerId, bytes: Uint8Array) => void>>();
  const goneListeners = new Map<PeerId, Set<(peer: PeerId) => void>>();
  const isCut = new Set<PeerId>();
  const lastDueMs = new Map<string, number>();
  let messages = 0;
  const of = <T>(map: Map<PeerId, Set<T>>, peer: PeerId) => {
    const set = map.get(peer) ?? new Set<T>();
    map.set(peer, set);
    return set;
  };
  const deliver = (from: PeerId, to: PeerId, bytes: Uint8Array) => {
    if (isCut.has(from) || isCut.has(to)) return;
    for (const receive of of(receivers, to)) receive(from, bytes);
  };
  return {
    channel: (self) => ({
      self,
      async send(peer, bytes) {
        messages += 1;
        if (isCut.has(peer) || isCut.has(self)) throw new Error('peer unreachable');
        const copies = random.uniform() < weather.loss ? 0 : random.uniform() < weather.twice ? 2 : 1;
        const copy = bytes.slice();
        for (let i = 0; i < copies; i++) {
          if (weather.delayMs === 0) queueMicrotask(() => deliver(self, peer, copy));
          else {
            const pair = `${self} ${peer}`;
            const dueMs = Math.max(lastDueMs.get(pair) ?? 0, clock.now() + random.below(weather.delayMs));
            lastDueMs.set(pair, dueMs);
            clock.after(dueMs - clock.now(), () => deliver(self, peer, copy));
          }
        }
      },
      onMessage(listener) {
        of(receivers, self).add(listener);
        return () => void of(receivers, self).delete(listener);
      },
      onGone(listener) {
        of(goneListeners, self).add(listener);
        return () => void of(goneListeners, self).delete(listener);
      },
    }),
    cut(peer) {
      isCut.add(peer);
      for (const [self, set] of goneListeners) {
        if (self !== peer) for (const listener of set) listener(peer);
      }
    },
    messages: () => messages,
  };
}

/** Text is its UTF-8 bytes plus 1; token 0 is never made, and 999,999 cannot be decoded. */
export const letters: Tokens = {
  contextTokens: CONTEXT,
  encodePrompt: async (text) => Uint32Array.from(new TextEncoder().encode(text), (byte) => byte + 1),
  async encodeChat(messages) {
    if (messages.some((message) => message.content === 'refuse')) throw new Error('no template for this');
    const text = messages.map(({ role, content }) => `<${role}>${content}`).join('');
    return letters.encodePrompt(text);
  },
  async checkSchema(schema) {
    if (JSON.stringify(schema).includes('impossible')) throw new Error('no text meets this schema');
  },
  async decode(tokens) {
    if (tokens.includes(999_999)) throw new Error('unknown id');
    return [...tokens].map((token) => String.fromCharCode(96 + (token % 26) + 1)).join('');
  },
};

/** What the arithmetic model answers: a function of the record alone, as the real one promises to be. */
export function answerOf(record: WorkRecord): RecordOutcome {
  const prompt = bytesToTokens(record.prompt);
  const start = prompt.reduce(
    (sum, token) => (sum * 31 + token) >>> 0,
    record.seed ^ (record.record * 7) ^ (record.adapter === undefined ? 0 : 0x5a5a),
  );
  const random = createRandom(record.temperature === 0 ? prompt.length : start);
  const length = 1 + random.below(record.maxTokens);
  const tokens = Uint32Array.from({ length }, () => random.below(26));
  const finish = length === record.maxTokens ? 'length' : 'stop';
  return { t: 'result', record: record.record, tokens, finish, numericClass: 'arithmetic-1' };
}

export interface FakeExecutor extends Executor {
  /** Records being computed now. */
  running(): number;
  computed(): number;
}

export interface ExecutorInit {
  readonly slots?: number;
  readonly msPerRecord?: number;
  readonly outcome?: (record: WorkRecord) => RecordOutcome | undefined;
}

/** Computes `slots` records at a time, each in `msPerRecord` of the clock; a record without an outcome kills the run. */
export function createFakeExecutor(clock: Clock, init: ExecutorInit = {}): FakeExecutor {
  const { slots = 4, msPerRecord = 500, outcome = answerOf } = init;
  let running = 0;
  let computed = 0;
  const computeOne = (record: WorkRecord, signal: AbortSignal) =>
    new Promise<RecordOutcome>((resolve, reject) => {
      running += 1;
      const stop = clock.after(msPerRecord, () => {
        signal.removeEventListener('abort', onAbort);
        running -= 1;
        computed += 1;
        const result = outcome(record);
        if (result) resolve(result);
        else reject(new Error('device lost'));
      });
      const onAbort = () => {
        stop();
        running -= 1;
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', onAbort, { once: true });
    });
  return {
    freeSlots: (model) => (model === MODEL ? Math.max(0, slots - running) : 0),
    running: () => running,
    computed: () => computed,
    async run(_model, _requester, records, report, progress, signal) {
      signal.throwIfAborted();
      const waiting = [...records];
      let tokens = 0;
      const lane = async () => {
        for (let record = waiting.shift(); record; record = waiting.shift()) {
          signal.throwIfAborted();
          const result = await computeOne(record, signal);
          if (result.t === 'result') progress((tokens += result.tokens.length));
          report(result);
        }
      };
      await Promise.all(Array.from({ length: Math.min(slots, records.length) }, lane));
    },
  };
}

export interface FakeDirectory extends Directory {
  set(candidates: readonly Candidate[]): void;
}

export function createFakeDirectory(candidates: readonly Candidate[] = []): FakeDirectory {
  const listeners = new Set<() => void>();
  let listed = candidates;
  return {
    candidates: (model) => (model === MODEL ? listed : []),
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    set(next) {
      listed = next;
      for (const listener of listeners) listener();
    },
  };
}

export interface FakeStore extends KeyValueStore {
  /** From now on nothing is written and nothing answers, as if the page was gone. */
  crash(): KeyValueStore;
  readonly writes: { readonly key: string; readonly bytes: number }[];
  refuseWrites: boolean;
}

/** A Map behind structured clones, as IndexedDB is. */
export function createFakeStore(content = new Map<string, unknown>()): FakeStore {
  let isGone = false;
  const writes: { key: string; bytes: number }[] = [];
  const never = new Promise<never>(() => undefined);
  const store: FakeStore = {
    writes,
    refuseWrites: false,
    get: async (key) => (isGone ? never : structuredClone(content.get(key))),
    async set(key, value) {
      if (isGone) return never;
      if (store.refuseWrites) throw new DOMException('disk full', 'QuotaExceededError');
      writes.push({ key, bytes: sizeOf(value) });
      content.set(key, structuredClone(value));
    },
    delete: async (key) => (isGone ? never : void content.delete(key)),
    keys: async () => (isGone ? never : [...content.keys()]),
    crash() {
      isGone = true;
      return createFakeStore(content);
    },
  };
  return store;
}

function sizeOf(value: unknown): number {
  if (typeof value === 'string') return value.length;
  if (ArrayBuffer.isView(value)) return value.byteLength;
  if (typeof value !== 'object' || value === null) return 8;
  return Object.entries(value).reduce((sum, [key, part]) => sum + key.length + sizeOf(part), 0);
}

export const resolveModel = (name: string): ModelRoot | undefined =>
  name === 'letters' ? MODEL : name === 'others' ? OTHER_MODEL : undefined;

/** `accent` changes `letters`; `twang` changes `others`. */
export const resolveAdapter = (name: string) =>
  name === 'accent'
    ? { root: ADAPTER, base: MODEL }
    : name === 'twang'
      ? { root: '01'.repeat(32) as AdapterRoot, base: OTHER_MODEL }
      : undefined;

/** What a requester and a provider of one node share. */
export function linkOf(clock: Clock, channel: Channel, peer: Peer) {
  return { clock, logger: silentLogger, channel, signer: peer.signer, publicKeyOf };
}

export function batchLine(customId: string, body: Record<string, unknown> = {}, url = '/v1/completions'): string {
  const input =
    url === '/v1/completions' ? { prompt: `say ${customId}` } : { messages: [{ role: 'user', content: customId }] };
  const full = { model: 'letters', max_tokens: 8, temperature: 0, ...input, ...body };
  return JSON.stringify({ custom_id: customId, method: 'POST', url, body: full });
}

export function batchOf(count: number, body: Record<string, unknown> = {}): Blob {
  return new Blob([Array.from({ length: count }, (_, i) => `${batchLine(`r${i}`, body)}\n`).join('')]);
}

export interface ParsedLine {
  readonly custom_id: string | null;
  readonly response: {
    readonly body: { readonly choices: { readonly text: string }[]; readonly adapter?: string };
  } | null;
  readonly error: { readonly code: string; readonly line: number; readonly param: string | null } | null;
}

export async function linesOf(file: Blob): Promise<ParsedLine[]> {
  const text = await file.text();
  return text.split('\n').flatMap((line) => (line === '' ? [] : [JSON.parse(line) as ParsedLine]));
}

/** A channel that its page can take with it when it closes. */
export function mortal(channel: Channel): { readonly channel: Channel; die(): void } {
  let isDead = false;
  return {
    die: () => {
      isDead = true;
    },
    channel: {
      self: channel.self,
      send: async (peer, bytes) => (isDead ? undefined : channel.send(peer, bytes)),
      onMessage: (listener) => channel.onMessage((peer, bytes) => (isDead ? undefined : listener(peer, bytes))),
      onGone: (listener) => channel.onGone((peer) => (isDead ? undefined : listener(peer))),
    },
  };
}

/** A channel of a tab that can freeze: what it sends meanwhile goes out when it thaws. */
export function freezable(channel: Channel): { readonly channel: Channel; freeze(): void; thaw(): void } {
  let held: (() => void)[] | undefined;
  return {
    freeze: () => {
      held ??= [];
    },
    thaw: () => {
      for (const send of held ?? []) send();
      held = undefined;
    },
    channel: {
      ...channel,
      async send(peer, bytes) {
        if (held) held.push(() => void channel.send(peer, bytes));
        else await channel.send(peer, bytes);
      },
    },
  };
}
