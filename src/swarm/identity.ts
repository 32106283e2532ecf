import { base58btc } from 'multiformats/bases/base58';
import type { PeerId } from '../base/branded.ts';
import { bytesToHex, concatBytes, copyBytes, equalBytes, hexToBytes, type Bytes } from '../base/bytes.ts';
import { createSigner } from '../protocol/index.ts';
import { SwarmError } from './errors.ts';

/** What a node is: an Ed25519 key pair, of which the seed never leaves the device unless its person exports it. */
export interface Identity {
  /** 32-byte private seed (RFC 8032). */
  readonly seed: Bytes;
  /** 32-byte public key. */
  readonly publicKey: Bytes;
  readonly peerId: PeerId;
}

const KEY_BYTES = 32;
/**
 * What precedes the public key in a peer id: an "identity" multihash (0x00) of 36 bytes (0x24) over the protobuf
 * `{ Type: Ed25519 (1), Data: 32 bytes }` (libp2p specs, peer-ids). Written out so that names of peers can be compared
 * without loading libp2p, which is 200 KB.
 */
const PEER_ID_PREFIX = hexToBytes('002408011220');
const EXPORT_PREFIX = 'starling-identity-1:';

/** A new identity from the platform's random numbers. */
export function createIdentity(): Identity {
  return identityOf(crypto.getRandomValues(new Uint8Array(KEY_BYTES)));
}

/** @throws {SwarmError} `identity-invalid` unless `seed` has 32 bytes */
export function identityOf(seed: Uint8Array): Identity {
  if (seed.byteLength !== KEY_BYTES) {
    throw new SwarmError('identity-invalid', `swarm: identity seed of ${seed.byteLength} bytes, ${KEY_BYTES} needed`, {
      bytes: seed.byteLength,
    });
  }
  const { publicKey } = createSigner(seed);
  return { seed: copyBytes(seed), publicKey, peerId: peerIdOf(publicKey) };
}

/** The libp2p peer id of an Ed25519 public key, e.g. `12D3Koo…`. */
export function peerIdOf(publicKey: Uint8Array): PeerId {
  if (publicKey.byteLength !== KEY_BYTES) {
    throw new SwarmError('identity-invalid', `swarm: public key of ${publicKey.byteLength} bytes, 32 needed`, {
      bytes: publicKey.byteLength,
    });
  }
  return base58btc.baseEncode(concatBytes([PEER_ID_PREFIX, publicKey])) as PeerId;
}

/**
 * The Ed25519 public key inside a peer id.
 *
 * @throws {SwarmError} `identity-invalid` if the id is of another key type or no peer id at all
 */
export function publicKeyOf(peerId: string): Bytes {
  // 38 bytes are at most 53 base58 digits; longer text is refused before the quadratic decoder sees it.
  const bytes = peerId.length > 0 && peerId.length <= 60 ? decodeBase58(peerId) : undefined;
  const isEd25519 =
    bytes?.byteLength === PEER_ID_PREFIX.byteLength + KEY_BYTES &&
    equalBytes(bytes.subarray(0, PEER_ID_PREFIX.byteLength), PEER_ID_PREFIX);
  if (!bytes || !isEd25519) {
    throw new SwarmError('identity-invalid', 'swarm: not the peer id of an Ed25519 key (12D3Koo…)', {
      peer: peerId.slice(0, 64),
    });
  }
  return copyBytes(bytes.subarray(PEER_ID_PREFIX.byteLength));
}

/** The identity as one line of text for a person to keep. Whoever has it is this node. */
export function exportIdentity(identity: Identity): string {
  return `${EXPORT_PREFIX}${bytesToHex(identity.seed)}:${identity.peerId}`;
}

/** @throws {SwarmError} `identity-invalid` if the text is damaged: the peer id in it is checked against the seed */
export function importIdentity(text: string): Identity {
  const match = /^starling-identity-1:([0-9a-f]{64}):([1-9A-HJ-NP-Za-km-z]{40,60})$/.exec(text.trim().slice(0, 256));
  const identity = match?.[1] === undefined ? undefined : identityOf(hexToBytes(match[1]));
  if (!identity || identity.peerId !== match?.[2]) {
    throw new SwarmError('identity-invalid', `swarm: not an exported identity (${EXPORT_PREFIX}…)`, {});
  }
  return identity;
}

function decodeBase58(text: string): Uint8Array | undefined {
  try {
    return base58btc.baseDecode(text);
  } catch {
    return undefined;
  }
}
