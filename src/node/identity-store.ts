import { createStore, get, set } from 'idb-keyval';
import { createIdentity, identityOf, type Identity } from '../swarm/index.ts';

const KEY = 'seed';

/** This device's identity, made on first use. The seed never leaves IndexedDB unless its person exports it. */
export async function loadIdentity(): Promise<Identity> {
  const store = createStore('starling-identity', 'keys');
  const kept: unknown = await get(KEY, store);
  if (kept instanceof Uint8Array) return identityOf(kept);
  const identity = createIdentity();
  await set(KEY, identity.seed, store);
  return identity;
}
