import { EngineError } from '../errors.ts';
import { ebnfLiteral, JSON_RULES } from './ebnf.ts';
import { numberGrammar } from './number-grammar.ts';
import { patternGrammar } from './pattern-grammar.ts';
import { SchemaReader, valuesOf } from './schema-reader.ts';
import type { Schema, SchemaObject } from './schema.ts';

const DAY = String.raw`[0-9]{4} "-" ("0" [1-9] | "1" [0-2]) "-" ("0" [1-9] | "1" [0-9] | "2" [0-8])`;
const TIME = String.raw`([0-1] [0-9] | "2" [0-3]) ":" [0-5] [0-9] ":" [0-5] [0-9] "Z"`;
const HEX = '[0-9a-f]';
/** Formats (RFC 3339 and 4122); days end at the 28th, which every month has. */
const FORMATS: Readonly<Record<string, string>> = {
  date: DAY,
  time: TIME,
  'date-time': `${DAY} "T" ${TIME}`,
  uuid: `${HEX}{8} "-" ${HEX}{4} "-" ${HEX}{4} "-" ${HEX}{4} "-" ${HEX}{12}`,
};

/**
 * The grammar of the JSON texts that fulfil a JSON Schema (2020-12), in the EBNF of XGrammar. Properties come in the
 * schema's order, and none that it does not name.
 *
 * @throws {EngineError} `constraint-invalid`, `constraint-unsupported`, `constraint-unsatisfiable`, `constraint-too-large`
 */
export function schemaGrammar(schema: unknown): string {
  const reader = new SchemaReader(schema);
  if (!reader.isMeetable(reader.root)) {
    throw new EngineError(
      'constraint-unsatisfiable',
      'no json text can meet this schema; loosen what contradicts itself',
    );
  }
  const rules = new GrammarRules(reader);
  const root = rules.valueOf(reader.root, '#');
  return [`root ::= ${root}`, ...rules.lines, JSON_RULES].join('\n');
}

/** Writes a rule for each object, array and reference. */
class GrammarRules {
  readonly lines: string[] = [];
  readonly #reader: SchemaReader;
  readonly #references = new Map<string, string>();

  constructor(reader: SchemaReader) {
    this.#reader = reader;
  }

  /** An expression for a schema that can be met. */
  valueOf(schema: Schema, at: string): string {
    if (typeof schema === 'boolean') return 'json';
    if (schema.$ref !== undefined) return this.#reference(schema.$ref);
    const values = valuesOf(schema);
    if (values) return alternatives(values.map((value) => ebnfLiteral(jsonText(value))));
    const parts = schema.anyOf ?? schema.allOf;
    if (parts) {
      const met = [...parts.entries()].filter(([, part]) => this.#reader.isMeetable(part));
      return alternatives(met.map(([i, part]) => this.valueOf(part, `${at}/${i}`)));
    }
    if (!schema.type) return 'json';
    const types = schema.type.filter((type) => this.#reader.isMeetable({ ...schema, type: [type] }));
    return alternatives(types.map((type) => this.#typed(schema, type, at)));
  }

  #typed(schema: SchemaObject, type: string, at: string): string {
    if (type === 'object') return this.#object(schema, at);
    if (type === 'array') return this.#array(schema, at);
    if (type === 'string') return stringGrammar(schema, at);
    if (type === 'boolean') return '("true" | "false")';
    if (type === 'null') return '"null"';
    return numberGrammar(schema, type === 'integer');
  }

  #reference(ref: string): string {
    const known = this.#references.get(ref);
    if (known) return known;
    const name = `ref_${this.#references.size}`;
    this.#references.set(ref, name);
    this.#add(name, this.valueOf(this.#reader.resolve(ref), ref));
    return name;
  }

  #object({ properties = {}, required = [], additionalProperties, maxProperties }: SchemaObject, at: string): string {
    const names = Object.keys(properties).filter((name) => this.#reader.isMeetable(properties[name] ?? true));
    if (names.length === 0 && additionalProperties !== false) {
      const value = this.#name();
      this.#add(value, this.valueOf(additionalProperties ?? true, `${at}/additionalProperties`));
      return listOf(`json_string ": " ${value}`, '{', '}', 0, maxProperties);
    }
    // From behind: `rest` is what may follow once a member was written, `start` what may come while none was.
    let rest = '""';
    let start = '""';
    for (const name of names.toReversed()) {
      const member = `${ebnfLiteral(`${JSON.stringify(name)}: `)} ${this.valueOf(properties[name] ?? true, `${at}/${name}`)}`;
      const isOptional = !required.includes(name);
      const [nextRest, nextStart, own] = [this.#name(), this.#name(), this.#name()];
      this.#add(own, member);
      this.#add(nextStart, isOptional ? `${own} ${rest} | ${start}` : `${own} ${rest}`);
      this.#add(nextRest, isOptional ? `", " ${own} ${rest} | ${rest}` : `", " ${own} ${rest}`);
      [rest, start] = [nextRest, nextStart];
    }
    return `"{" ${start} "}"`;
  }

  #array({ prefixItems = [], items, minItems = 0, maxItems }: SchemaObject, at: string): string {
    const isOpen = items === undefined || this.#reader.isMeetable(items);
    const named = prefixItems.findIndex((part) => !this.#reader.isMeetable(part));
    const prefix = (named < 0 ? prefixItems : prefixItems.slice(0, named)).slice(0, maxItems);
    const item = this.#name();
    if (isOpen) this.#add(item, this.valueOf(items ?? true, `${at}/items`));
    if (prefix.length === 0) return listOf(item, '[', ']', minItems, isOpen && named < 0 ? maxItems : 0);
    let tail = this.#tail(item, isOpen && named < 0, Math.max(0, minItems - prefix.length), maxItems, prefix.length);
    for (const [i, part] of [...prefix.entries()].toReversed()) {
      const value = `${i === 0 ? '' : '", " '}${this.valueOf(part, `${at}/prefixItems/${i}`)} ${tail}`;
      tail = i < minItems ? value : `(${value})?`;
    }
    return `"[" ${tail} "]"`;
  }

  /** What may follow a whole prefix. */
  #tail(item: string, isOpen: boolean, min: number, maxItems: number | undefined, prefix: number): string {
    if (!isOpen || maxItems === prefix) return '""';
    return `(", " ${item})${times(min, maxItems === undefined ? undefined : maxItems - prefix)}`;
  }

  #add(name: string, expression: string): void {
    this.lines.push(`${name} ::= ${expression}`);
  }

  #names = 0;
  #name(): string {
    return `rule_${this.#names++}`;
  }
}

function stringGrammar({ minLength = 0, maxLength, format, pattern }: SchemaObject, at: string): string {
  if (pattern !== undefined) return patternGrammar(pattern, at);
  if (format !== undefined) return `"\\"" ${FORMATS[format] ?? ''} "\\""`;
  if (minLength === 0 && maxLength === undefined) return 'json_string';
  return maxLength === 0 ? '"\\"\\""' : `"\\"" json_character${times(minLength, maxLength)} "\\""`;
}

/** Between `min` and `max` items with commas between them. */
function listOf(item: string, open: string, close: string, min: number, max: number | undefined): string {
  const empty = `"${open}${close}"`;
  if (max === 0) return empty;
  const more =
    max === 1 ? '' : ` (", " ${item})${times(Math.max(0, min - 1), max === undefined ? undefined : max - 1)}`;
  const some = `"${open}" ${item}${more} "${close}"`;
  return min > 0 ? some : `(${empty} | ${some})`;
}

function times(min: number, max: number | undefined): string {
  if (max === undefined) return min === 0 ? '*' : `{${min},}`;
  return `{${min},${max}}`;
}

function alternatives(parts: readonly string[]): string {
  return parts.length === 1 ? (parts[0] ?? '') : `(${parts.join(' | ')})`;
}

/** As the grammar's own JSON is written: a blank behind commas and colons. */
function jsonText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(jsonText).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value)
      .map(([key, part]) => `${JSON.stringify(key)}: ${jsonText(part)}`)
      .join(', ')}}`;
  }
  return JSON.stringify(value);
}
