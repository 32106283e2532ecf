import { generateKeyPairFromSeed } from '@libp2p/crypto/keys';
import { peerIdFromPrivateKey, peerIdFromString } from '@libp2p/peer-id';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SwarmError } from './errors.ts';
import { createIdentity, exportIdentity, identityOf, importIdentity, peerIdOf, publicKeyOf } from './identity.ts';

test('peer ids are those of libp2p, both ways', async () => {
  for (let i = 0; i < 20; i++) {
    const identity = createIdentity();
    const key = await generateKeyPairFromSeed('Ed25519', identity.seed);
    expect(identity.peerId).toBe(peerIdFromPrivateKey(key).toString());
    expect(publicKeyOf(identity.peerId)).toEqual(identity.publicKey);
    expect(peerIdFromString(identity.peerId).publicKey?.raw).toEqual(identity.publicKey);
  }
});

test('an exported identity comes back whole, and one changed character is refused', () => {
  const identity = createIdentity();
  const text = exportIdentity(identity);
  expect(importIdentity(` ${text}\n`)).toEqual(identity);
  for (let i = 0; i < text.length; i++) {
    const changed = `${text.slice(0, i)}${text[i] === '2' ? '3' : '2'}${text.slice(i + 1)}`;
    expect(() => importIdentity(changed)).toThrow(SwarmError);
  }
});

test('text that is no Ed25519 peer id is refused by name', () => {
  const odd = ['', 'QmYyQSo1c1Ym7orWxLYvCrM2EmxFTANf8wXmmE7DWjhx5N', '12D3Koo', '0OIl', 'z'.repeat(10_000)];
  for (const text of odd) expect(() => publicKeyOf(text)).toThrow(SwarmError);
  fc.assert(
    fc.property(fc.string({ maxLength: 70 }), (text) => {
      expect(() => publicKeyOf(text)).toThrow(SwarmError);
    }),
  );
  expect(() => peerIdOf(new Uint8Array(31))).toThrow(SwarmError);
  expect(() => identityOf(new Uint8Array(33))).toThrow(SwarmError);
});
