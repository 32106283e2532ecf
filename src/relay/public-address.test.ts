import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readPublicAddress, relayMultiaddr, trackerUrl } from './public-address.ts';

const ID = '12D3KooWM9BtSgZ9Jbf4YVhx7orohb9LFEjuMEyY2XvoXpGMc5qF';

test.each([
  ['127.0.0.1:8787', undefined, 'ws://127.0.0.1:8787/announce', '/ip4/127.0.0.1/tcp/8787/ws/p2p/'],
  ['localhost:8787', undefined, 'ws://localhost:8787/announce', '/dns4/localhost/tcp/8787/ws/p2p/'],
  ['Starling.example', 'https', 'wss://starling.example/announce', '/dns4/starling.example/tcp/443/wss/p2p/'],
  [
    'starling.example:8443',
    'https, http',
    'wss://starling.example:8443/announce',
    '/dns4/starling.example/tcp/8443/wss/p2p/',
  ],
  ['starling.example', undefined, 'ws://starling.example/announce', '/dns4/starling.example/tcp/80/ws/p2p/'],
  ['[::1]:8787', undefined, 'ws://[::1]:8787/announce', '/ip6/::1/tcp/8787/ws/p2p/'],
])('Host %s, X-Forwarded-Proto %s', (host, proto, tracker, relay) => {
  const address = readPublicAddress(host, proto);
  if (!address) throw new Error('no address');
  expect(trackerUrl(address)).toBe(tracker);
  expect(relayMultiaddr(address, ID)).toBe(relay + ID);
});

test.each([
  undefined,
  '',
  'a b',
  'x/y',
  'a:0',
  'a:99999',
  '[zz]',
  '[1.2.3.4]',
  'a"b',
  '-a',
  'user@host',
  'x'.repeat(300),
])('Host %s is refused', (host) => {
  expect(readPublicAddress(host, undefined)).toBeUndefined();
});

test('no Host header brings anything but a name and a number into an address', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 60 }), (host) => {
      const address = readPublicAddress(host, undefined);
      if (address)
        expect(relayMultiaddr(address, ID)).toMatch(/^\/(ip4|ip6|dns4)\/[a-z0-9._:-]+\/tcp\/\d+\/ws\/p2p\/\w+$/);
    }),
    { numRuns: 5_000 },
  );
});
