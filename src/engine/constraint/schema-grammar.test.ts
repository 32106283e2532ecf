import { Ajv2020 } from 'ajv/dist/2020.js';
import { beforeAll, describe, expect, test } from 'vitest';
import { createRandom } from '../../base/random.ts';
import { loadGrammarLibrary, type GrammarLibrary } from './grammar-library.ts';
import { schemaGrammar } from './schema-grammar.ts';

const END = 256;
const WALKS = 60;
const MAX_BYTES = 3000;
let library: GrammarLibrary;
let compiler: Awaited<ReturnType<GrammarLibrary['GrammarCompiler']['createGrammarCompiler']>>;
beforeAll(async () => {
  library = await loadGrammarLibrary();
  // A token for each byte, so that every text of the grammar can be walked.
  const bytes = [...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)), new Uint8Array(0)];
  const info = await library.TokenizerInfo.createTokenizerInfo(bytes as unknown as string[], 'raw', false, 257, [END]);
  compiler = await library.GrammarCompiler.createGrammarCompiler(info, false);
});

/** Texts that the grammar allows, found by random walks that like to end strings and texts. */
async function texts(schema: unknown): Promise<string[]> {
  const grammar = await compiler.compileGrammar(schemaGrammar(schema));
  const random = createRandom(7);
  const found: string[] = [];
  for (let walk = 0; walk < WALKS; walk++) {
    const matcher = await library.GrammarMatcher.createGrammarMatcher(grammar);
    const out: number[] = [];
    for (;;) {
      const mask = await matcher.getNextTokenBitmask();
      const allowed = Array.from({ length: 257 }, (_, id) => id).filter(
        (id) => ((mask[id >> 5] ?? 0) >>> (id & 31)) & 1,
      );
      const likely = [END, 0x22, 0x7d, 0x5d].find((id) => allowed.includes(id) && random.below(3) === 0);
      const token = likely ?? allowed[random.below(allowed.length)];
      if (token === undefined) throw new TypeError('the grammar leads nowhere');
      if (token === END || out.length > MAX_BYTES) break;
      matcher.acceptToken(token);
      out.push(token);
    }
    matcher.dispose();
    if (out.length <= MAX_BYTES) found.push(new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(out)));
  }
  grammar.dispose();
  return found;
}

const tree = {
  $ref: '#/$defs/tree',
  $defs: {
    tree: {
      type: 'object',
      properties: { value: { type: 'boolean' }, left: { $ref: '#/$defs/tree' } },
      required: ['value'],
      additionalProperties: false,
    },
  },
};
const SCHEMAS: readonly unknown[] = [
  true,
  {},
  { type: 'integer' },
  { type: 'number' },
  { type: 'integer', minimum: -5, maximum: 300 },
  { type: 'integer', minimum: 7 },
  { type: 'integer', maximum: -3 },
  { type: 'integer', minimum: 0.5, maximum: 2.5 },
  { type: 'integer', exclusiveMinimum: 0, exclusiveMaximum: 2 },
  { type: 'integer', minimum: 98, maximum: 1003 },
  { type: 'number', minimum: 0, maximum: 1 },
  { type: 'number', minimum: -2.5, maximum: 3.25 },
  { type: 'number', minimum: 0.3 },
  { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
  { type: 'number', minimum: 0.3, maximum: 0.30005 },
  { type: 'string' },
  { type: 'string', maxLength: 8 },
  { type: 'string', minLength: 2, maxLength: 4 },
  { type: 'string', minLength: 3 },
  { type: 'string', maxLength: 0 },
  { type: 'string', format: 'uuid' },
  { type: 'string', pattern: '^[A-Z]{2,3}-\\d{4}$' },
  { type: 'string', pattern: '^(?:ja|nein|jein)?[.!]+$' },
  { type: 'string', pattern: 'ab+c' },
  { type: 'string', pattern: '^x|y$' },
  { type: 'string', pattern: '^"\\\\[\\w."\\\\-]*?\\s\\S\\u00e9[^a-y\\d]{3}$' },
  { type: 'string', pattern: '^.{0,5}\\W(a(b|c)*){1,2}[\\D]$' },
  { type: 'string', pattern: '^$' },
  { type: 'object', properties: { id: { type: 'string', pattern: '^[a-f0-9]{8}$' } }, required: ['id'] },
  { type: 'string', format: 'date-time' },
  { type: ['string', 'null'], maxLength: 2 },
  { type: ['integer', 'boolean'], minimum: 3, maximum: 4 },
  { type: 'array', items: { type: 'boolean' }, minItems: 2, maxItems: 3 },
  { type: 'array', items: { type: 'integer' }, maxItems: 0 },
  { type: 'array', items: false },
  { type: 'array', prefixItems: [{ type: 'boolean' }, { type: 'null' }], items: false },
  { type: 'array', prefixItems: [{ type: 'boolean' }], items: { type: 'integer' }, minItems: 1, maxItems: 3 },
  { type: 'array', prefixItems: [{ const: 1 }, false], items: true },
  { type: 'object', properties: { a: { type: 'boolean' }, b: { type: 'null' }, c: { const: 3 } }, required: ['b'] },
  { type: 'object', properties: { a: { type: 'boolean' }, b: false } },
  { type: 'object', additionalProperties: { type: 'boolean' }, maxProperties: 2 },
  { type: 'object', additionalProperties: false },
  { type: 'object' },
  { anyOf: [{ type: 'null' }, false, { type: 'object', properties: { k: { const: 1 } }, required: ['k'] }] },
  { type: 'string', enum: ['a"b\\', 'é\n😀', 5] },
  { enum: [null, 1.5, true, [1, 'x'], { x: { y: '\u0007' } }] },
  { type: 'object', properties: { 'q"\\é': { type: 'boolean' } }, required: ['q"\\é'], additionalProperties: false },
  { allOf: [{ type: 'boolean' }] },
  tree,
  { type: 'object', properties: { a: { $ref: '#/$defs/x~1y' } }, required: ['a'], $defs: { 'x/y': { enum: [1, 2] } } },
];

describe('every text of the grammar fulfils the schema', () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  test.each(SCHEMAS.map((schema) => [JSON.stringify(schema), schema]))('%s', async (_, schema) => {
    const check = ajv.compile(schema as object);
    const found = await texts(schema);
    expect(found.length).toBeGreaterThan(WALKS / 3);
    for (const text of found) expect([text, check(JSON.parse(text))]).toEqual([text, true]);
  });

  test('nothing that the schema allows in our form is left out: both ends of a range come up', async () => {
    expect(new Set(await texts({ type: 'integer', minimum: -1, maximum: 2 }))).toEqual(new Set(['-1', '0', '1', '2']));
    expect(new Set(await texts({ enum: ['a', 1, null] }))).toEqual(new Set(['"a"', '1', 'null']));
    const found = await texts({ type: 'string', pattern: '^(?:[ab]|c{2}|é|\\n)$' });
    expect(new Set(found)).toEqual(new Set(['"a"', '"b"', '"cc"', '"é"', '"\\n"']));
  });
});

describe('what cannot be held to is refused by name', () => {
  const cyclic: Record<string, unknown> = {};
  cyclic['properties'] = cyclic;
  const deep = Array.from({ length: 40 }).reduce<object>((inner) => ({ type: 'array', items: inner }), {});
  const endless = { $ref: '#/$defs/a', $defs: { a: { type: 'array', items: { $ref: '#/$defs/a' }, minItems: 1 } } };
  test.each<[string, unknown]>([
    ['constraint-unsatisfiable', false],
    ['constraint-unsatisfiable', { enum: [] }],
    ['constraint-unsatisfiable', { type: 'string', enum: [1, 2] }],
    ['constraint-unsatisfiable', { type: 'integer', minimum: 5, maximum: 3 }],
    ['constraint-unsatisfiable', { type: 'integer', minimum: 0.2, maximum: 0.8 }],
    ['constraint-unsatisfiable', { type: 'string', minLength: 5, maxLength: 3 }],
    ['constraint-unsatisfiable', { type: 'array', items: true, minItems: 4, maxItems: 3 }],
    ['constraint-unsatisfiable', { type: 'array', items: false, minItems: 1 }],
    ['constraint-unsatisfiable', { type: 'object', properties: { a: false }, required: ['a'] }],
    ['constraint-unsatisfiable', { type: 'object', properties: {}, required: ['a'], additionalProperties: false }],
    ['constraint-unsatisfiable', { $ref: '#' }],
    ['constraint-unsatisfiable', endless],
    ['constraint-unsupported', { type: 'string', pattern: '^(?=a)' }],
    ['constraint-unsupported', { type: 'string', pattern: '(a)\\1' }],
    ['constraint-unsupported', { type: 'string', pattern: '\\bword' }],
    ['constraint-unsupported', { type: 'string', pattern: 'a$b' }],
    ['constraint-unsupported', { type: 'string', pattern: '[äöü]' }],
    ['constraint-unsupported', { type: 'string', pattern: '[^\\s]' }],
    ['constraint-unsupported', { type: 'string', pattern: '[]' }],
    ['constraint-unsupported', { type: 'string', pattern: 'a', maxLength: 3 }],
    ['constraint-unsupported', { type: 'string', pattern: 'a', format: 'date' }],
    ['constraint-invalid', { type: 'string', pattern: '(' }],
    ['constraint-too-large', { type: 'string', pattern: '((a{99}){99}){99}' }],
    ['constraint-too-large', { type: 'string', pattern: 'a'.repeat(600) }],
    ['constraint-too-large', { type: 'string', pattern: '('.repeat(40) + 'a' + ')'.repeat(40) }],
    ['constraint-unsupported', { not: { type: 'string' } }],
    ['constraint-unsupported', { oneOf: [{ type: 'null' }, { const: 5 }] }],
    ['constraint-unsupported', { minimum: 5 }],
    ['constraint-unsupported', { allOf: [{ type: 'string' }, { type: 'number' }] }],
    ['constraint-unsupported', { $ref: 'http://example.org/x' }],
    ['constraint-unsupported', { $ref: '#', type: 'string' }],
    ['constraint-unsupported', { type: 'string', format: 'email' }],
    ['constraint-unsupported', { type: 'object', required: ['a'] }],
    ['constraint-invalid', { type: 'flub' }],
    ['constraint-invalid', { type: 'array', minItems: -1 }],
    ['constraint-invalid', { $ref: '#/$defs/none' }],
    ['constraint-invalid', 'text'],
    ['constraint-invalid', undefined],
    ['constraint-invalid', cyclic],
    ['constraint-too-large', { enum: ['x'.repeat(40_000)] }],
    ['constraint-too-large', { type: 'string', maxLength: 1e6 }],
    ['constraint-too-large', deep],
  ])('%s', (code, schema) => {
    expect(() => schemaGrammar(schema)).toThrow(expect.objectContaining({ name: 'EngineError', code }));
  });
});
