import type { PeerId } from '../base/branded.ts';
import { MAX_PRESENCE_BYTES, openEnvelope, presence, ProtocolError, type Presence } from '../protocol/index.ts';
import { SwarmError } from './errors.ts';
import { peerIdOf } from './identity.ts';

export interface Advert {
  readonly peer: PeerId;
  readonly author: Uint8Array;
  readonly body: Presence;
}

/** Longest life that an advert may claim; it is renewed every 5 s. */
export const MAX_ADVERT_LIFE_MS = 60_000;

/**
 * Checks size, signature and form of an advert, and that whoever gossip says has sent it is who has signed it. Age and
 * replay are left to the receiver, who remembers; a relay need not.
 *
 * @param sender peer id that gossip's own signature vouches for
 * @throws {ProtocolError} see `openEnvelope`
 * @throws {SwarmError} `advert-refused` if sender and author differ or it claims to live too long
 */
export function checkAdvert(bytes: Uint8Array, sender: string): Advert {
  const { author, body } = openEnvelope('starling/presence/1', presence, bytes, MAX_PRESENCE_BYTES);
  const peer = peerIdOf(author);
  if (peer !== sender) {
    throw new SwarmError('advert-refused', 'swarm: advert signed by one peer and sent by another', { peer: sender });
  }
  if (body.expiresAtMs > body.atMs + MAX_ADVERT_LIFE_MS) {
    throw new SwarmError('advert-refused', `swarm: advert claims more than ${MAX_ADVERT_LIFE_MS} ms of life`, { peer });
  }
  return { peer, author, body };
}

/** As `checkAdvert`; undefined for one that is not sound. */
export function readAdvert(bytes: Uint8Array, sender: string): Advert | undefined {
  try {
    return checkAdvert(bytes, sender);
  } catch (error) {
    if (error instanceof ProtocolError || error instanceof SwarmError) return undefined;
    throw error;
  }
}
