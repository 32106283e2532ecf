import type { PeerId } from '../base/branded.ts';

/**
 * This device's identity as an encrypted file; whoever has the file and its passphrase is this device.
 *
 * @throws {IdentityError} `weak-passphrase`
 */
export async function exportOwnIdentity(passphrase: string): Promise<Blob> {
  const [{ loadIdentity }, { sealIdentity }] = await Promise.all([
    import('./identity-store.ts'),
    import('./identity-file.ts'),
  ]);
  return new Blob([await sealIdentity(await loadIdentity(), passphrase)], { type: 'application/json' });
}

/**
 * Puts an exported identity in the place of this device's own. Stop the node first, and open every tab anew afterwards:
 * an open one goes on under the old identity.
 *
 * @throws {IdentityError} `not-an-identity` or `wrong-passphrase`; nothing has changed then
 */
export async function importOwnIdentity(file: Blob, passphrase: string): Promise<PeerId> {
  const [{ saveIdentity }, { openIdentity }] = await Promise.all([
    import('./identity-store.ts'),
    import('./identity-file.ts'),
  ]);
  const identity = await openIdentity(file, passphrase);
  await saveIdentity(identity);
  return identity.peerId;
}
