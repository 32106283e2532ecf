import { createStore, get, set } from 'idb-keyval';
import { createIdentity, identityOf, type Identity } from '../swarm/index.ts';

const KEY = 'seed';
const store = () => createStore('starling-identity', 'keys');

/** This device's identity, made on first use. The seed never leaves IndexedDB unless its person exports it. */
export async function loadIdentity(): Promise<Identity> {
  const kept: unknown = await get(KEY, store());
  if (kept instanceof Uint8Array) return identityOf(kept);
  const identity = createIdentity();
  await saveIdentity(identity);
  return identity;
}

/** Becomes this device's identity from the next opening of its page on; the one before is gone. */
export async function saveIdentity({ seed }: Identity): Promise<void> {
  await set(KEY, seed, store());
}
