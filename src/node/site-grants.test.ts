import 'fake-indexeddb/auto';
import { set } from 'idb-keyval';
import { expect, test } from 'vitest';
import { openIdbStore } from '../weights/index.ts';
import { openSiteGrants, type SiteGrant } from './site-grants.ts';

const DAY_MS = 86_400_000;
const grant = { site: 'shop', origin: 'https://shop.example', isShared: true, atMs: 1_000, expiresAtMs: 30 * DAY_MS };

test('a device that never agreed to anything keeps nothing, and asking makes nothing', async () => {
  expect(await openSiteGrants().list(0)).toEqual({ grants: [], ignored: [] });
  expect(await indexedDB.databases()).toEqual([]);
});

test('what was agreed to is listed until it ends, by its time or by hand, and open pages are told', async () => {
  const grants = openSiteGrants();
  const other: SiteGrant = { ...grant, site: 'news', origin: 'https://news.example', atMs: 2_000 };
  await grants.note(grant);
  await grants.note(other);
  expect((await grants.list(5_000)).grants).toEqual([other, grant]);
  const told = new Promise((resolve) => openSiteGrants().onRevoked(resolve));
  await grants.revoke(other);
  expect(await told).toEqual({ site: 'news', origin: 'https://news.example' });
  expect([await grants.isNoted(other), await grants.isNoted(grant)]).toEqual([false, true]);
  expect(await grants.list(grant.expiresAtMs)).toEqual({ grants: [], ignored: [] });
  expect(await grants.isNoted(grant)).toBe(false);
});

test.each([
  ['malformed', 'shop https://shop.example', 'rubbish'],
  ['malformed', 'shop https://shop.example', { ...grant, more: 1 }],
  ['malformed', 'shop https://shop.example', { ...grant, origin: 'javascript:alert(1)' }],
  ['malformed', 'shop https://shop.example', { ...grant, expiresAtMs: Number.POSITIVE_INFINITY }],
  ['forged', 'news https://news.example', grant],
  ['forged', 'shop https://shop.example', { ...grant, expiresAtMs: 400 * DAY_MS }],
  ['forged', 'shop https://shop.example', { ...grant, atMs: DAY_MS, expiresAtMs: 2 * DAY_MS }],
])('a %s note under %s is ignored by name, and gone', async (why, key, value) => {
  await set(key, value, openIdbStore('starling-grants', 'grants'));
  expect(await openSiteGrants().list(5_000)).toEqual({ grants: [], ignored: [why] });
  expect(await openSiteGrants().list(5_000)).toEqual({ grants: [], ignored: [] });
});
