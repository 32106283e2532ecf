import { Ajv2020 } from 'ajv/dist/2020.js';
import { createRandom, type Random } from '../../base/random.ts';
import type { Outcome, ServingBench } from './serving-bench.ts';

export interface ValidCount {
  readonly total: number;
  readonly valid: number;
  /** Ended by their length: JSON that is unfinished. */
  readonly cut: number;
  readonly ms: number;
  /** Time of as many tokens without a constraint. */
  readonly freeMs: number;
}

/** Answers to many prompts, each with a schema of its own, checked by another library. */
export async function countValid(bench: ServingBench, total: number): Promise<ValidCount> {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const random = createRandom(11);
  const words = ['Once upon a time', 'The cat said', 'Tom and Lily went', 'In the big red box', 'She was happy'];
  const prompts = await Promise.all(words.map((text) => bench.engine.encodePrompt(bench.root, text)));
  const requests = Array.from({ length: total }, (_, i) => ({
    schema: randomSchema(random, 2),
    part: {
      prompt: prompts[i % prompts.length] ?? Uint32Array.of(1),
      maxTokens: 480,
      sampling: { temperature: i % 4 === 0 ? 0 : 0.8, topK: 0, topP: 1, seed: i },
      record: i,
    },
  }));
  const startMs = performance.now();
  const outcomes = await Promise.all(
    requests.map(({ schema, part }) => bench.run({ ...part, constraint: { schema } })),
  );
  const ms = performance.now() - startMs;
  const valid = outcomes.filter(
    ({ last }, i) => last.t === 'done' && last.finish === 'stop' && isValid(ajv, requests[i]?.schema, last.text),
  ).length;
  const cut = outcomes.filter(({ last }) => last.t === 'done' && last.finish === 'length').length;
  const lengths = outcomes.map(tokensOf);
  const freeStartMs = performance.now();
  await Promise.all(requests.map(({ part }, i) => bench.run({ ...part, maxTokens: Math.max(1, lengths[i] ?? 1) })));
  return { total, valid, cut, ms, freeMs: performance.now() - freeStartMs };
}

function tokensOf({ last }: Outcome): number {
  return last.t === 'done' ? last.tokens.length : 0;
}

function isValid(ajv: Ajv2020, schema: unknown, text: string): boolean {
  try {
    return ajv.validate(schema as object, JSON.parse(text));
  } catch {
    return false;
  }
}

/** A schema of the kinds that people write, not deeper than `depth`. */
function randomSchema(random: Random, depth: number): object {
  const simple: readonly (() => object)[] = [
    () => ({ type: 'boolean' }),
    () => ({ type: 'integer', minimum: -random.below(50), maximum: random.below(1000) }),
    () => ({ type: 'number', minimum: 0, maximum: 1 + random.below(9) }),
    () => ({ type: 'integer' }),
    () => ({ type: 'string', maxLength: 1 + random.below(16) }),
    () => ({ type: 'string', minLength: 2, maxLength: 6 }),
    () => ({
      type: 'string',
      pattern: ['^[A-Z]{2}-\\d{3}$', '^(?:ja|nein)[.!]?$', '^\\w{1,8}@\\w{1,8}[.]org$'][random.below(3)],
    }),
    () => ({ type: 'string', format: ['date', 'time', 'uuid', 'date-time'][random.below(4)] }),
    () => ({ enum: ['happy', 'sad', 3, null, 'très bien', { k: [1] }].slice(0, 1 + random.below(6)) }),
    () => ({ type: ['string', 'null'], maxLength: 4 }),
  ];
  if (depth === 0) return simple[random.below(simple.length)]?.() ?? {};
  const part = () => randomSchema(random, depth - 1 - random.below(depth));
  const nested: readonly (() => object)[] = [
    () => ({ type: 'array', items: part(), minItems: random.below(2), maxItems: 1 + random.below(3) }),
    () => ({ anyOf: [part(), part()] }),
    () => ({ type: 'array', prefixItems: [part(), part()], items: false }),
    () => {
      const names = ['name', 'age', 'mood', 'the "best"', 'ключ'].slice(0, 1 + random.below(5));
      const properties = Object.fromEntries(names.map((name) => [name, part()]));
      return {
        type: 'object',
        properties,
        required: names.filter(() => random.below(3) > 0),
        additionalProperties: false,
      };
    },
  ];
  const kinds = [...nested, ...nested.slice(3), ...nested.slice(3)];
  return kinds[random.below(kinds.length)]?.() ?? {};
}
