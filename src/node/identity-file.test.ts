import { createDecipheriv, pbkdf2Sync } from 'node:crypto';
import { expect, test } from 'vitest';
import { createIdentity, exportIdentity } from '../swarm/index.ts';
import { openIdentity, sealIdentity } from './identity-file.ts';

const PASSPHRASE = 'correct horse battery';
const identity = createIdentity();
const sealed = await sealIdentity(identity, PASSPHRASE);
const fields = JSON.parse(sealed) as Record<string, string | number>;
const asFile = (changed: object) => new Blob([JSON.stringify({ ...fields, ...changed })]);

test('an identity comes back from its file, and only with its passphrase', async () => {
  expect(await openIdentity(new Blob([sealed]), PASSPHRASE)).toEqual(identity);
  await expect(openIdentity(new Blob([sealed]), `${PASSPHRASE}!`)).rejects.toMatchObject({ code: 'wrong-passphrase' });
});

test('another implementation of the same standards opens it too', () => {
  const [salt, nonce, bytes] = ['salt', 'nonce', 'sealed'].map((name) => Buffer.from(String(fields[name]), 'hex'));
  if (!salt || !nonce || !bytes) throw new Error('no such fields');
  const key = pbkdf2Sync(PASSPHRASE, salt, Number(fields['rounds']), 32, 'sha256');
  const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAuthTag(bytes.subarray(-16));
  const text = Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString();
  expect(text).toBe(exportIdentity(identity));
});

test('the key is nowhere in the file, and no two files are alike', async () => {
  expect(sealed).not.toContain(Buffer.from(identity.seed).toString('hex'));
  const again = JSON.parse(await sealIdentity(identity, PASSPHRASE)) as typeof fields;
  for (const name of ['salt', 'nonce', 'sealed']) expect(again[name]).not.toBe(fields[name]);
});

test('a short passphrase is refused before a file is made', async () => {
  await expect(sealIdentity(identity, 'short')).rejects.toMatchObject({ code: 'weak-passphrase' });
});

test.each([
  ['no JSON', new Blob(['{'])],
  ['another format', asFile({ format: 'wallet' })],
  ['a later version', asFile({ version: 2 })],
  ['too few rounds', asFile({ rounds: 1 })],
  ['rounds for hours', asFile({ rounds: 1e12 })],
  ['a nonce that is too short', asFile({ nonce: 'ab' })],
  ['a seal that is no hex', asFile({ sealed: 'xyz' })],
  ['far too many bytes', new Blob([sealed, ' '.repeat(5_000)])],
])('a file with %s is refused by name', async (_, file) => {
  await expect(openIdentity(file, PASSPHRASE)).rejects.toMatchObject({ code: 'not-an-identity' });
});

test('a changed file does not open', async () => {
  const bytes = String(fields['sealed']);
  const changed = `${bytes.startsWith('0') ? '1' : '0'}${bytes.slice(1)}`;
  await expect(openIdentity(asFile({ sealed: changed }), PASSPHRASE)).rejects.toMatchObject({
    code: 'wrong-passphrase',
  });
});
