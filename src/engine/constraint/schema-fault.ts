import { EngineError } from '../errors.ts';

/** What is wrong with a schema, at a place of it. */
export function schemaFault(
  code: 'constraint-invalid' | 'constraint-unsupported' | 'constraint-too-large',
  at: string,
  why: string,
): EngineError {
  const place = at.length > 120 ? `${at.slice(0, 120)}…` : at;
  return new EngineError(code, `schema at ${place}: ${why}`, { name: place });
}
