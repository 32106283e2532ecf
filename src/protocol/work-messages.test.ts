import { decode } from '@ipld/dag-cbor';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bytesToHex, hexToBytes } from '../base/bytes.ts';
import { createRandom } from '../base/random.ts';
import { decodeCanonical, encodeCanonical } from './canonical-cbor.ts';
import { openEnvelope, sealEnvelope } from './envelope.ts';
import { ProtocolError } from './errors.ts';
import {
  MAX_ADVERTISED_ADAPTERS,
  MAX_MESSAGE_BYTES,
  MAX_PRESENCE_BYTES,
  MAX_SHARED_ADAPTER_BYTES,
  MAX_SHARED_ADAPTERS,
} from './limits.ts';
import { presence, type Presence } from './presence.ts';
import { createSigner } from './signer.ts';
import { workMessage, type WorkMessage } from './work-messages.ts';

const stamp = {
  v: 1 as const,
  atMs: 1_700_000_000_000,
  nonce: new Uint8Array(16).fill(3),
  lease: '0123456789abcdef0123456789abcdef',
};
const record = {
  record: 7,
  prompt: Uint8Array.of(1, 0, 0, 0, 2, 0, 0, 0),
  maxTokens: 16,
  temperature: 0.5,
  topK: 0,
  topP: 1,
  seed: 4_294_967_295,
  stop: ['\n'],
};
const root = 'ab'.repeat(32);
const { lease: _, ...exchange } = stamp;

/** One of every kind, with the bytes that they must always have: a change here is a change of the protocol. */
const golden: readonly (readonly [WorkMessage, string])[] = [
  [
    { t: 'work/offer', ...stamp, model: root as never, deadlineAtMs: 1_700_000_060_000, records: [record] },
    'a861746a776f726b2f6f666665726176016461744d731b0000018bcfe56800656c6561736578203031323334353637383961626364656630313233343536373839616263646566656d6f64656c784061626162616261626162616261626162616261626162616261626162616261626162616261626162616261626162616261626162616261626162616261626162656e6f6e63655003030303030303030303030303030303677265636f72647381a864736565641affffffff6473746f7081610a64746f704b0064746f7050016670726f6d7074480100000002000000667265636f726407696d6178546f6b656e73106b74656d7065726174757265fb3fe00000000000006c646561646c696e6541744d731b0000018bcfe65260',
  ],
  [
    {
      t: 'work/offer',
      ...stamp,
      model: root as never,
      deadlineAtMs: 1_700_000_060_000,
      records: [{ ...record, adapter: 'cd'.repeat(32) as never }],
    },
    'a861746a776f726b2f6f666665726176016461744d731b0000018bcfe56800656c6561736578203031323334353637383961626364656630313233343536373839616263646566656d6f64656c784061626162616261626162616261626162616261626162616261626162616261626162616261626162616261626162616261626162616261626162616261626162656e6f6e63655003030303030303030303030303030303677265636f72647381a964736565641affffffff6473746f7081610a64746f704b0064746f7050016670726f6d7074480100000002000000667265636f7264076761646170746572784063646364636463646364636463646364636463646364636463646364636463646364636463646364636463646364636463646364636463646364636463646364696d6178546f6b656e73106b74656d7065726174757265fb3fe00000000000006c646561646c696e6541744d731b0000018bcfe65260',
  ],
  [
    { t: 'work/accept', ...stamp },
    'a561746b776f726b2f6163636570746176016461744d731b0000018bcfe56800656c6561736578203031323334353637383961626364656630313233343536373839616263646566656e6f6e63655003030303030303030303030303030303',
  ],
  [
    { t: 'work/decline', ...stamp, why: 'busy' },
    'a661746c776f726b2f6465636c696e656176016377687964627573796461744d731b0000018bcfe56800656c6561736578203031323334353637383961626364656630313233343536373839616263646566656e6f6e63655003030303030303030303030303030303',
  ],
  [
    { t: 'work/heartbeat', ...stamp, recordsDone: 1, tokensDone: 300 },
    'a761746e776f726b2f6865617274626561746176016461744d731b0000018bcfe56800656c6561736578203031323334353637383961626364656630313233343536373839616263646566656e6f6e636550030303030303030303030303030303036a746f6b656e73446f6e6519012c6b7265636f726473446f6e6501',
  ],
  [
    {
      t: 'work/result',
      ...stamp,
      record: 7,
      tokens: Uint8Array.of(9, 0, 0, 0),
      finish: 'stop',
      numericClass: 'wgsl-1',
    },
    'a961746b776f726b2f726573756c746176016461744d731b0000018bcfe56800656c6561736578203031323334353637383961626364656630313233343536373839616263646566656e6f6e636550030303030303030303030303030303036666696e6973686473746f70667265636f72640766746f6b656e7344090000006c6e756d65726963436c617373667767736c2d31',
  ],
  [
    { t: 'work/fault', ...stamp, record: 7, code: 'device-lost', reason: 'the device was lost' },
    'a861746a776f726b2f6661756c746176016461744d731b0000018bcfe5680064636f64656b6465766963652d6c6f7374656c6561736578203031323334353637383961626364656630313233343536373839616263646566656e6f6e6365500303030303030303030303030303030366726561736f6e737468652064657669636520776173206c6f7374667265636f726407',
  ],
  [
    { t: 'work/done', ...stamp },
    'a5617469776f726b2f646f6e656176016461744d731b0000018bcfe56800656c6561736578203031323334353637383961626364656630313233343536373839616263646566656e6f6e63655003030303030303030303030303030303',
  ],
  [
    { t: 'work/release', ...stamp, reason: 'paused' },
    'a661746c776f726b2f72656c656173656176016461744d731b0000018bcfe56800656c6561736578203031323334353637383961626364656630313233343536373839616263646566656e6f6e6365500303030303030303030303030303030366726561736f6e66706175736564',
  ],
  [
    { t: 'work/cancel', ...stamp },
    'a561746b776f726b2f63616e63656c6176016461744d731b0000018bcfe56800656c6561736578203031323334353637383961626364656630313233343536373839616263646566656e6f6e63655003030303030303030303030303030303',
  ],
  [
    { t: 'adapter/ask', ...exchange, root: root as never },
    'a561746b616461707465722f61736b6176016461744d731b0000018bcfe5680064726f6f74784061626162616261626162616261626162616261626162616261626162616261626162616261626162616261626162616261626162616261626162616261626162656e6f6e63655003030303030303030303030303030303',
  ],
  [
    {
      t: 'adapter/tell',
      ...exchange,
      root: root as never,
      documents: { manifest: Uint8Array.of(1), torrent: Uint8Array.of(2) },
    },
    'a661746c616461707465722f74656c6c6176016461744d731b0000018bcfe5680064726f6f74784061626162616261626162616261626162616261626162616261626162616261626162616261626162616261626162616261626162616261626162616261626162656e6f6e6365500303030303030303030303030303030369646f63756d656e7473a267746f7272656e744102686d616e69666573744101',
  ],
];

test.each(golden)('golden bytes of %#', (message, hex) => {
  expect(bytesToHex(encodeCanonical(message))).toBe(hex);
  expect(decodeCanonical(workMessage, hexToBytes(hex), MAX_MESSAGE_BYTES)).toEqual(message);
});

const signer = createSigner(new Uint8Array(32).fill(1));
const advert: Presence = {
  t: 'swarm/presence',
  v: 1,
  atMs: 1_700_000_000_000,
  nonce: new Uint8Array(16).fill(3),
  expiresAtMs: 1_700_000_015_000,
  models: [{ root: root as never, freeSlots: 2, tokensPerSecond: 1.5 }],
  agent: 'test',
};

test('golden bytes of an envelope: Ed25519 is deterministic, so the signature is part of them', () => {
  const sealed = sealEnvelope(signer, 'starling/presence/1', advert);
  expect(bytesToHex(sealed)).toBe(
    'a3636b657958208a88e3dd7409f195fd52db2d3cba5d72ca6709bf1d94121bf3748801b40f6f5c637369675840af0f823deda2330dff3459ed18b13e256f3957260468f4c62299e675f14d8a3ea27eadb09b12d3e64ee6796e4a0f322b10a51a96cfc00a52a113be470817870164626f647958cea761746e737761726d2f70726573656e63656176016461744d731b0000018bcfe56800656167656e746474657374656e6f6e63655003030303030303030303030303030303666d6f64656c7381a364726f6f747840616261626162616261626162616261626162616261626162616261626162616261626162616261626162616261626162616261626162616261626162616261626966726565536c6f7473026f746f6b656e735065725365636f6e64fb3ff80000000000006b6578706972657341744d731b0000018bcfe5a298',
  );
  expect(openEnvelope('starling/presence/1', presence, sealed, MAX_PRESENCE_BYTES).body).toEqual(advert);
});

test('an advert tells which adapters are held, within limits', () => {
  const told = (adapters: unknown) => {
    const models = [{ ...advert.models[0], adapters }];
    const sealed = sealEnvelope(signer, 'starling/presence/1', { ...advert, models });
    return openEnvelope('starling/presence/1', presence, sealed, MAX_PRESENCE_BYTES).body.models[0]?.adapters;
  };
  const one = { root, isWarm: true };
  expect(told([one])).toEqual([one]);
  expect(told(Array.from({ length: MAX_ADVERTISED_ADAPTERS }, () => one))).toHaveLength(MAX_ADVERTISED_ADAPTERS);
  const wrong = [
    Array.from({ length: MAX_ADVERTISED_ADAPTERS + 1 }, () => one),
    [{ root: 'xy', isWarm: true }],
    [{ root }],
    [{ ...one, rank: 8 }],
    'all',
  ];
  for (const adapters of wrong) expect(() => told(adapters)).toThrow(ProtocolError);
});

test('an advert tells of adapters that its peer shares, within limits', () => {
  const told = (published: unknown) => {
    const sealed = sealEnvelope(signer, 'starling/presence/1', { ...advert, published });
    return openEnvelope('starling/presence/1', presence, sealed, MAX_PRESENCE_BYTES).body.published;
  };
  const facts = { base: root, rank: 8, parents: [] };
  const card = { root, name: 'x.gguf', sizeBytes: 10, infoHash: new Uint8Array(20), facts, licence: 'MIT' };
  expect(told([card])).toEqual([card]);
  const wrong = [
    Array.from({ length: MAX_SHARED_ADAPTERS + 1 }, () => card),
    [{ ...card, sizeBytes: MAX_SHARED_ADAPTER_BYTES + 1 }],
    [{ ...card, facts: { ...facts, rank: 65 } }],
    [{ ...card, infoHash: new Uint8Array(19) }],
    [{ ...card, name: '' }],
    [{ ...card, url: 'https://elsewhere' }],
  ];
  for (const published of wrong) expect(() => told(published)).toThrow(ProtocolError);
});

test('whatever a message holds comes back the same', () => {
  const bytes = (min: number, max: number) => fc.uint8Array({ minLength: min, maxLength: max });
  const lease = fc.stringMatching(/^[0-9a-f]{32}$/);
  const stamped = { v: fc.constant(1 as const), atMs: fc.nat(9e12), nonce: bytes(16, 16), lease };
  const records = fc.array(
    fc.record(
      {
        record: fc.nat(),
        prompt: bytes(4, 400),
        maxTokens: fc.integer({ min: 1, max: 32_768 }),
        temperature: fc.double({ min: 0, max: 2, noNaN: true }).map((x) => x + 0),
        topK: fc.nat(1_000_000),
        topP: fc.double({ min: 0, max: 1, noNaN: true }).map((x) => x + 0),
        seed: fc.nat(),
        stop: fc.array(fc.string({ minLength: 1, maxLength: 20 }), { maxLength: 4 }),
        adapter: fc.stringMatching(/^[0-9a-f]{64}$/),
      },
      { requiredKeys: ['record', 'prompt', 'maxTokens', 'temperature', 'topK', 'topP', 'seed', 'stop'] },
    ),
    { minLength: 1, maxLength: 20 },
  );
  const messages = fc.oneof(
    fc.record({
      t: fc.constant('work/offer'),
      ...stamped,
      model: fc.stringMatching(/^[0-9a-f]{64}$/),
      deadlineAtMs: fc.nat(9e12),
      records,
    }),
    fc.record({
      t: fc.constant('work/result'),
      ...stamped,
      record: fc.nat(),
      tokens: bytes(0, 4_000),
      finish: fc.constantFrom('stop', 'length'),
      numericClass: fc.string({ maxLength: 128 }),
    }),
    fc.record({ t: fc.constant('work/heartbeat'), ...stamped, recordsDone: fc.nat(256), tokensDone: fc.nat() }),
  );
  fc.assert(
    fc.property(messages, (message) => {
      const sealed = sealEnvelope(signer, 'starling/work/1', message);
      const { author, body } = openEnvelope('starling/work/1', workMessage, sealed, MAX_MESSAGE_BYTES);
      expect(author).toEqual(signer.publicKey);
      expect(body).toEqual(message);
    }),
    { numRuns: 200 },
  );
});

test('120,000 damaged messages raise ProtocolError and nothing else', { timeout: 240_000 }, () => {
  const random = createRandom(11);
  const sources = golden.map(([message]) => ({
    schema: workMessage,
    bytes: sealEnvelope(signer, 'starling/work/1', message),
    body: encodeCanonical(message),
  }));
  let refused = 0;
  let passed = 0;
  const attempt = (run: () => unknown) => {
    try {
      run();
      passed += 1;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      refused += 1;
    }
  };
  for (let i = 0; i < 120_000; i++) {
    const source = sources[i % sources.length];
    if (!source) continue;
    // Half with a broken envelope, half with a broken body as a hostile peer would sign it.
    const damaged = damage(i % 2 === 0 ? source.bytes : source.body, random);
    if (i % 2 === 0) attempt(() => openEnvelope('starling/work/1', workMessage, damaged, MAX_MESSAGE_BYTES));
    else attempt(() => decodeCanonical(workMessage, damaged, MAX_MESSAGE_BYTES));
  }
  console.log(JSON.stringify({ refused, passed }));
  expect(refused + passed).toBe(120_000);
  expect(refused).toBeGreaterThan(80_000);
});

function damage(bytes: Uint8Array, random: { below(bound: number): number }): Uint8Array {
  const copy = Uint8Array.from(bytes);
  switch (random.below(4)) {
    case 0:
      for (let n = 0; n <= random.below(4); n++) copy[random.below(copy.length)] = random.below(256);
      return copy;
    case 1:
      return copy.subarray(0, random.below(copy.length));
    case 2: {
      const at = random.below(copy.length);
      return Uint8Array.from([...copy.subarray(0, at), random.below(256), ...copy.subarray(at)]);
    }
    default:
      return Uint8Array.from({ length: random.below(200) }, () => random.below(256));
  }
}

test('refusals have their names', () => {
  const sealed = sealEnvelope(signer, 'starling/work/1', golden[1]?.[0]);
  const open = (bytes: Uint8Array, max = MAX_MESSAGE_BYTES) => openEnvelope('starling/work/1', workMessage, bytes, max);
  const codeOf = (run: () => unknown) => {
    try {
      run();
      return 'none';
    } catch (error) {
      return (error as ProtocolError).code;
    }
  };
  const parts = openParts(sealed);
  expect(codeOf(() => open(sealed))).toBe('none');
  expect(codeOf(() => open(sealed, 10))).toBe('too-large');
  expect(codeOf(() => open(new Uint8Array(MAX_MESSAGE_BYTES + 1_000)))).toBe('too-large');
  expect(codeOf(() => open(encodeCanonical({ ...parts, sig: new Uint8Array() })))).toBe('unsigned');
  expect(codeOf(() => open(encodeCanonical({ ...parts, sig: new Uint8Array(64) })))).toBe('bad-signature');
  const other = createSigner(new Uint8Array(32).fill(2));
  expect(codeOf(() => open(encodeCanonical({ ...parts, key: other.publicKey })))).toBe('bad-signature');
  // The same bytes signed for another purpose.
  const moved = sealEnvelope(signer, 'starling/presence/1', golden[1]?.[0]);
  expect(codeOf(() => open(moved))).toBe('bad-signature');
  // One key too many, and keys in another order than canonical.
  expect(codeOf(() => open(sealEnvelope(signer, 'starling/work/1', { ...golden[1]?.[0], extra: 1 })))).toBe(
    'malformed',
  );
  expect(codeOf(() => decodeCanonical(workMessage, hexToBytes('a2617401616102'), 100))).toBe('malformed');
});

function openParts(sealed: Uint8Array): Record<string, unknown> {
  return decode<Record<string, unknown>>(sealed);
}
