import { createIdentity, identityOf, type Identity } from '../swarm/index.ts';
import { createIdbKeyValue } from './idb-key-value.ts';
import type { NodeStorage } from './node-storage.ts';

const KEY = 'seed';
const [DATABASE, KEYS] = ['starling-identity', 'keys'];

/** This device's identity, made on first use. The seed never leaves its store unless its person exports it. */
export async function loadIdentity(keyValue: NodeStorage['keyValue'] = createIdbKeyValue): Promise<Identity> {
  const store = keyValue(DATABASE, KEYS);
  const kept = await store.get(KEY);
  if (kept instanceof Uint8Array) return identityOf(kept);
  const identity = createIdentity();
  await store.set(KEY, identity.seed);
  return identity;
}

/** Becomes this device's identity from the next opening of its page on; the one before is gone. */
export async function saveIdentity({ seed }: Identity): Promise<void> {
  await createIdbKeyValue(DATABASE, KEYS).set(KEY, seed);
}
