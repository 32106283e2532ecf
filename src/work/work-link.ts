import { decode } from '@ipld/dag-cbor';
import { AppError } from '../base/app-error.ts';
import type { PeerId } from '../base/branded.ts';
import { equalBytes, type Bytes } from '../base/bytes.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import {
  createFreshnessGuard,
  MAX_MESSAGE_BYTES,
  openEnvelope,
  ProtocolError,
  sealEnvelope,
  workMessage,
  type Signer,
  type WorkMessage,
} from '../protocol/index.ts';
import { WorkError } from './errors.ts';
import { shown } from './line-fault.ts';
import { createMessageRate } from './message-rate.ts';
import type { Channel } from './ports.ts';

/** What both roles need to speak with peers. */
export interface LinkComponents {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly channel: Channel;
  readonly signer: Signer;
  /** The Ed25519 key inside a peer id; may throw or give undefined for ids of another kind. */
  readonly publicKeyOf: (peer: PeerId) => Bytes | undefined;
}

type Unstamped<M> = M extends unknown ? Omit<M, 'v' | 'atMs' | 'nonce'> : never;
/** A message without what the link adds: version, time and nonce. */
export type OutgoingMessage = Unstamped<WorkMessage>;

/** One role's end of the work protocol. */
export interface WorkLink {
  /** Signs and sends; rejects if the peer cannot be reached. */
  send(peer: PeerId, message: OutgoingMessage): Promise<void>;
  /** Sends what may get lost without harm. */
  tell(peer: PeerId, message: OutgoingMessage): void;
  /** Messages refused since the start, by the error's code. */
  refusals(): ReadonlyMap<string, number>;
  close(): void;
}

const LOG_EVERY_MS = 1_000;

/**
 * Hands checked messages of the given kinds to `receive`: within the rate, of the schema, signed by the peer that sent
 * them, fresh, never seen before. Whatever is wrong, and whatever `receive` throws as an `AppError`, is counted by name
 * and logged at most once a second; nothing is thrown into the channel.
 */
export function openWorkLink<K extends WorkMessage['t']>(
  components: LinkComponents,
  kinds: readonly K[],
  receive: (peer: PeerId, message: Extract<WorkMessage, { t: K }>) => void,
): WorkLink {
  const { clock, logger, channel, signer, publicKeyOf } = components;
  const wanted: ReadonlySet<string> = new Set(kinds);
  const guard = createFreshnessGuard(clock);
  const isWithinRate = createMessageRate(clock);
  const refusals = new Map<string, number>();
  let loggedAtMs = 0;

  function refuse(peer: PeerId, error: unknown) {
    if (!(error instanceof AppError)) {
      logger.error('message handler failed', { peer, error: shown(String(error)) });
    }
    const code = error instanceof AppError ? error.code : 'internal';
    refusals.set(code, (refusals.get(code) ?? 0) + 1);
    if (clock.now() - loggedAtMs < LOG_EVERY_MS) return;
    loggedAtMs = clock.now();
    logger.warn('message refused', { peer, code, refused: refusals.get(code) ?? 0 });
  }

  function check(peer: PeerId, bytes: Uint8Array) {
    if (peer !== channel.self && !isWithinRate(peer)) {
      throw new WorkError('flood', 'work: a peer sends faster than it is read', { id: peer });
    }
    if (!isWanted(bytes, wanted)) return;
    const { author, body } = openEnvelope('starling/work/1', workMessage, bytes, MAX_MESSAGE_BYTES);
    const key = keyOf(peer);
    if (!key) throw new WorkError('unknown-author', 'work: no public key in the peer id', { id: peer });
    if (!equalBytes(author, key)) throw new WorkError('wrong-author', 'work: signed by another peer', { id: peer });
    guard.admit(author, body.atMs, body.nonce);
    receive(peer, body as Extract<WorkMessage, { t: K }>);
  }

  function keyOf(peer: PeerId): Bytes | undefined {
    try {
      return publicKeyOf(peer);
    } catch {
      return undefined;
    }
  }

  const close = channel.onMessage((peer, bytes) => {
    try {
      check(peer, bytes);
    } catch (error) {
      refuse(peer, error);
    }
  });
  const send: WorkLink['send'] = async (peer, message) => {
    const nonce = crypto.getRandomValues(new Uint8Array(16));
    return channel.send(peer, sealEnvelope(signer, 'starling/work/1', { ...message, v: 1, atMs: clock.now(), nonce }));
  };
  return {
    send,
    tell(peer, message) {
      send(peer, message).catch(() => logger.debug('message lost', { peer, kind: message.t }));
    },
    refusals: () => refusals,
    close,
  };
}

/**
 * Whether a message is for this role, told before its signature is checked, so that two roles on one channel check each
 * message once. What cannot be read counts as wanted and fails the full check.
 */
function isWanted(bytes: Uint8Array, kinds: ReadonlySet<string>): boolean {
  if (bytes.byteLength > MAX_MESSAGE_BYTES + 1024) {
    throw new ProtocolError('too-large', `protocol: message of ${bytes.byteLength} bytes, limit ${MAX_MESSAGE_BYTES}`, {
      bytes: bytes.byteLength,
    });
  }
  try {
    const { body } = decode<{ body: Uint8Array }>(bytes);
    const { t } = decode<{ t: unknown }>(body);
    return typeof t !== 'string' || !isKind(t) || kinds.has(t);
  } catch {
    return true;
  }
}

const KINDS: ReadonlySet<string> = new Set(workMessage.options.map((option) => option.entries.t.literal));

function isKind(tag: string): boolean {
  return KINDS.has(tag);
}
