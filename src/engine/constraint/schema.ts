import type { NumberBounds } from './number-grammar.ts';
import { patternGrammar } from './pattern-grammar.ts';
import { schemaFault } from './schema-fault.ts';

/** The keywords of JSON Schema 2020-12 that can be held to while a text grows. */
export interface SchemaObject extends NumberBounds {
  readonly type?: readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Schema[];
  /** Exactly one. */
  readonly allOf?: readonly Schema[];
  readonly $ref?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema;
  readonly maxProperties?: number;
  readonly items?: Schema;
  readonly prefixItems?: readonly Schema[];
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly format?: string;
  readonly pattern?: string;
}
export type Schema = boolean | SchemaObject;

/** What the grammar has a rule for. */
export const SCHEMA_FORMATS = ['date', 'time', 'date-time', 'uuid'] as const;

const TYPES = ['object', 'array', 'string', 'number', 'integer', 'boolean', 'null'];
const MAX_DEPTH = 32;
/** Of strings and lists: each is a state of the grammar. */
const MAX_COUNT = 1024;

/** Say something about the schema, not about the text. */
const NOTES = new Set(
  'title description default examples deprecated readOnly writeOnly $schema $id $comment $defs definitions'.split(' '),
);
/** Says all there is to say: no other keyword beside it, but `type` beside values. */
const WHOLE = new Set(['$ref', 'enum', 'const', 'anyOf', 'allOf']);
const NUMBER_KEYWORDS = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'];
const TYPE_KEYWORDS: Readonly<Record<string, readonly string[]>> = {
  object: ['properties', 'required', 'additionalProperties', 'maxProperties'],
  array: ['items', 'prefixItems', 'minItems', 'maxItems'],
  string: ['minLength', 'maxLength', 'format', 'pattern'],
  number: NUMBER_KEYWORDS,
  integer: NUMBER_KEYWORDS,
};

type Read = (value: unknown, at: string, depth: number) => unknown;
const READ: Readonly<Record<string, Read>> = {
  type: readTypes,
  enum: readList((value) => value, MAX_COUNT),
  const: (value) => value,
  anyOf: readList(readSchema, MAX_COUNT),
  allOf: readList(readSchema, 1),
  $ref: readText,
  properties: readMap,
  required: readList(readText, MAX_COUNT),
  additionalProperties: readSchema,
  maxProperties: readCount,
  items: readSchema,
  prefixItems: readList(readSchema, MAX_COUNT),
  minItems: readCount,
  maxItems: readCount,
  minLength: readCount,
  maxLength: readCount,
  format: readFormat,
  pattern: readPattern,
  ...Object.fromEntries(NUMBER_KEYWORDS.map((keyword) => [keyword, readNumber])),
};

/**
 * Checks a JSON value as a schema of which every keyword can be held to.
 *
 * @throws {EngineError} `constraint-invalid`, `constraint-unsupported`, `constraint-too-large`
 */
export function readSchema(value: unknown, at = '#', depth = 0): Schema {
  if (typeof value === 'boolean') return value;
  if (!isObject(value)) throw schemaFault('constraint-invalid', at, 'an object, true or false expected');
  if (depth > MAX_DEPTH) throw schemaFault('constraint-too-large', at, `deeper than ${MAX_DEPTH} levels`);
  const keywords = Object.keys(value).filter((keyword) => !NOTES.has(keyword));
  const out: Record<string, unknown> = {};
  for (const keyword of keywords) {
    const read = Object.hasOwn(READ, keyword) ? READ[keyword] : undefined;
    if (!read)
      throw schemaFault('constraint-unsupported', `${at}/${keyword}`, 'this keyword cannot be held to; leave it out');
    out[keyword] = read(value[keyword], `${at}/${keyword}`, depth + 1);
  }
  const schema = out as SchemaObject;
  checkTogether(schema, keywords, at);
  return schema;
}

/** Keywords that stand side by side must be those of one kind of value. */
function checkTogether(schema: SchemaObject, keywords: readonly string[], at: string): void {
  const whole = keywords.find((keyword) => WHOLE.has(keyword));
  const isValues = whole === 'enum' || whole === 'const';
  const beside = keywords.find((keyword) => keyword !== whole && !(isValues && keyword === 'type'));
  if (whole && beside)
    throw schemaFault(
      'constraint-unsupported',
      at,
      `${beside} beside ${whole} cannot be held to; put it into a part of its own`,
    );
  if (whole) return;
  const allowed = new Set(['type', ...(schema.type ?? []).flatMap((type) => TYPE_KEYWORDS[type] ?? [])]);
  const stray = keywords.find((keyword) => !allowed.has(keyword));
  if (stray)
    throw schemaFault(
      'constraint-unsupported',
      at,
      `${stray} needs its type beside it, found ${schema.type?.join(' or ') ?? 'none'}`,
    );
  const { properties = {}, required = [], additionalProperties, maxProperties = Infinity } = schema;
  const names = Object.keys(properties);
  const undescribed = required.find((name) => !Object.hasOwn(properties, name));
  if (undescribed !== undefined && additionalProperties !== false)
    throw schemaFault(
      'constraint-unsupported',
      `${at}/required`,
      `${undescribed.slice(0, 40)} is not among the properties`,
    );
  if (names.length > 0 && maxProperties < names.length)
    throw schemaFault('constraint-unsupported', `${at}/maxProperties`, `less than the ${names.length} properties`);
  const form = schema.format === undefined ? 'pattern' : 'format';
  const length = ['minLength', 'maxLength', 'pattern'].find(
    (keyword) => keyword !== form && keywords.includes(keyword),
  );
  if (schema[form] !== undefined && length !== undefined)
    throw schemaFault('constraint-unsupported', at, `${length} beside a ${form} cannot be held to; leave it out`);
}

function readTypes(value: unknown, at: string): string[] {
  const types: unknown[] = Array.isArray(value) ? value : [value];
  const isKnown = types.length > 0 && types.every((type) => typeof type === 'string' && TYPES.includes(type));
  if (!isKnown) throw schemaFault('constraint-invalid', at, `one or several of ${TYPES.join(', ')} expected`);
  return [...new Set(types as string[])];
}

function readList(read: Read, most: number): Read {
  return (value, at, depth) => {
    if (!Array.isArray(value)) throw schemaFault('constraint-invalid', at, 'a list expected');
    if (value.length > most)
      throw schemaFault('constraint-unsupported', at, `${value.length} entries, ${most} allowed`);
    return value.map((entry, i) => read(entry, `${at}/${i}`, depth));
  };
}

function readMap(value: unknown, at: string, depth: number): Record<string, Schema> {
  if (!isObject(value)) throw schemaFault('constraint-invalid', at, 'an object expected');
  const entries = Object.entries(value).map(
    ([name, part]) => [name, readSchema(part, `${at}/${name}`, depth)] as const,
  );
  if (entries.length > MAX_COUNT)
    throw schemaFault('constraint-too-large', at, `${entries.length} properties, ${MAX_COUNT} allowed`);
  return Object.fromEntries(entries);
}

function readText(value: unknown, at: string): string {
  if (typeof value !== 'string') throw schemaFault('constraint-invalid', at, 'a text expected');
  return value;
}

function readCount(value: unknown, at: string): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0)
    throw schemaFault('constraint-invalid', at, 'a whole number from 0 expected');
  if (value > MAX_COUNT) throw schemaFault('constraint-too-large', at, `${value}, at most ${MAX_COUNT} can be held to`);
  return value;
}

function readNumber(value: unknown, at: string): number {
  if (typeof value === 'number') return value;
  throw schemaFault('constraint-invalid', at, 'a number expected');
}

function readFormat(value: unknown, at: string): string {
  const format = SCHEMA_FORMATS.find((known) => known === value);
  if (!format)
    throw schemaFault('constraint-unsupported', at, `one of the formats ${SCHEMA_FORMATS.join(', ')} expected`);
  return format;
}

/** What it cannot hold to it says at once. */
function readPattern(value: unknown, at: string): string {
  const pattern = readText(value, at);
  patternGrammar(pattern, at);
  return pattern;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
