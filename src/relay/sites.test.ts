import { expect, test } from 'vitest';
import { createSiteList, readSite } from './sites.ts';

test('a site is a key and an origin, and nothing beside', () => {
  expect(readSite('shop=https://shop.example')).toEqual({ key: 'shop', origins: ['https://shop.example'] });
  expect(readSite('shop=http://localhost:8788')?.origins).toEqual(['http://localhost:8788']);
  for (const bad of [
    'shop',
    '=https://a.example',
    'Shop=https://a.example',
    'shop=https://a.example/',
    'shop=ftp://a',
    'shop=*',
  ])
    expect([bad, readSite(bad)]).toEqual([bad, undefined]);
});

test('origins of one key add up, and other keys have none', () => {
  const list = createSiteList([{ key: 'shop', origins: ['https://a.example'] }]);
  list.add({ key: 'shop', origins: ['https://b.example', 'https://a.example'] });
  expect(list.find('shop')?.origins).toEqual(['https://a.example', 'https://b.example']);
  expect(list.find('other')).toBeUndefined();
});
