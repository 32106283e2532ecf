import { EngineError } from '../errors.ts';
import { hasNumber } from './number-grammar.ts';
import { schemaFault } from './schema-fault.ts';
import { isObject, readSchema, type Schema, type SchemaObject } from './schema.ts';

/** As a text: room for some hundred properties, and quick to compile. */
const MAX_SCHEMA_CHARS = 32 * 1024;
/** Steps of the search for a text that meets the schema. */
const MAX_VISITS = 20_000;

/** A checked schema, what its references name, and which of its parts any text can meet. */
export class SchemaReader {
  readonly root: Schema;
  readonly #whole: unknown;
  readonly #resolved = new Map<string, Schema>();
  #visits = 0;

  /** @throws {EngineError} `constraint-invalid`, `constraint-unsupported`, `constraint-too-large` */
  constructor(schema: unknown) {
    this.#whole = copyJson(schema);
    this.root = readSchema(this.#whole);
  }

  /** The schema that a reference names (RFC 6901). @throws {EngineError} as the constructor */
  resolve(ref: string): Schema {
    const known = this.#resolved.get(ref);
    if (known !== undefined) return known;
    if (ref !== '#' && !ref.startsWith('#/'))
      throw schemaFault('constraint-unsupported', ref, 'this reference leads out of the schema');
    let found = this.#whole;
    for (const step of ref.split('/').slice(1)) {
      const name = step.replaceAll('~1', '/').replaceAll('~0', '~');
      const isThere = typeof found === 'object' && found !== null && Object.hasOwn(found, name);
      found = isThere ? (found as Record<string, unknown>)[name] : undefined;
    }
    if (found === undefined) throw schemaFault('constraint-invalid', ref, 'this reference leads nowhere');
    const schema = readSchema(found, ref);
    this.#resolved.set(ref, schema);
    return schema;
  }

  /** Whether any JSON text fulfils it; `path` holds the references that lead here, as an endless text is none. */
  isMeetable(schema: Schema, path: readonly string[] = []): boolean {
    this.#visits++;
    if (this.#visits > MAX_VISITS)
      throw schemaFault('constraint-too-large', '#', 'its parts refer to each other in too many ways');
    if (typeof schema === 'boolean') return schema;
    const { $ref } = schema;
    if ($ref !== undefined) return !path.includes($ref) && this.isMeetable(this.resolve($ref), [...path, $ref]);
    const values = valuesOf(schema);
    if (values) return values.length > 0;
    const parts = schema.anyOf ?? schema.allOf;
    if (parts) return parts.some((part) => this.isMeetable(part, path));
    return !schema.type || schema.type.some((type) => this.#isTypeMeetable(schema, type, path));
  }

  #isTypeMeetable(schema: SchemaObject, type: string, path: readonly string[]): boolean {
    const { minLength = 0, maxLength = Infinity, properties = {}, required = [] } = schema;
    if (type === 'string') return minLength <= maxLength;
    if (type === 'number' || type === 'integer') return hasNumber(schema, type === 'integer');
    if (type === 'array') return this.#isArrayMeetable(schema, path);
    if (type !== 'object') return true;
    return required.every((name) => Object.hasOwn(properties, name) && this.isMeetable(properties[name] ?? true, path));
  }

  #isArrayMeetable(schema: SchemaObject, path: readonly string[]): boolean {
    const { prefixItems = [], items = true, minItems = 0, maxItems = Infinity } = schema;
    if (minItems > maxItems) return false;
    const isPrefixMeetable = prefixItems.slice(0, minItems).every((part) => this.isMeetable(part, path));
    return isPrefixMeetable && (minItems <= prefixItems.length || this.isMeetable(items, path));
  }
}

/** Values of `enum` or `const` that are of the schema's type. */
export function valuesOf(schema: SchemaObject): readonly unknown[] | undefined {
  const all = schema.enum ?? ('const' in schema ? [schema.const] : undefined);
  return all?.filter((value) => !schema.type || schema.type.some((type) => isOfType(value, type)));
}

function isOfType(value: unknown, type: string): boolean {
  if (type === 'null') return value === null;
  if (type === 'array') return Array.isArray(value);
  if (type === 'object') return isObject(value);
  if (type === 'integer') return Number.isInteger(value);
  return typeof value === type;
}

/** A copy without what JSON cannot hold, within the limit. */
function copyJson(schema: unknown): unknown {
  let text: string | undefined;
  try {
    text = JSON.stringify(schema);
  } catch (cause) {
    throw new EngineError('constraint-invalid', 'the schema is no json value', {}, { cause });
  }
  if (text === undefined) throw new EngineError('constraint-invalid', 'the schema is no json value');
  if (text.length <= MAX_SCHEMA_CHARS) return JSON.parse(text) as unknown;
  const sizes = { value: text.length, limit: MAX_SCHEMA_CHARS };
  throw new EngineError(
    'constraint-too-large',
    `schema of ${text.length} characters, ${MAX_SCHEMA_CHARS} allowed`,
    sizes,
  );
}
