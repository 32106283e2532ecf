import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createMemoryPieceStore } from '../../weights/index.ts';
import { createEngineApi, type EngineApi, type EngineEvent, type SequenceRequest } from '../index.ts';
import { storeFile } from '../testing/store-file.ts';
import { testModels } from '../testing/test-models.ts';

const SAMPLED = { temperature: 1, topK: 0, topP: 1, seed: 7 };
const GREEDY = { temperature: 0, topK: 0, topP: 1, seed: 0 };
const store = createMemoryPieceStore();
const model = testModels.find(({ name }) => name === 'stories260K-Q8_0') ?? testModels[0];
if (!model) throw new TypeError('no test model');
const engine: EngineApi = createEngineApi({ store });
let base: SequenceRequest;

type Done = Extract<EngineEvent, { t: 'done' }>;
async function run(part: Partial<SequenceRequest>): Promise<EngineEvent[]> {
  const events: EngineEvent[] = [];
  await engine.generate({ ...base, id: crypto.randomUUID(), ...part }, (event) => void events.push(event));
  return events;
}
async function answer(part: Partial<SequenceRequest>): Promise<Done> {
  const event = (await run(part)).at(-1);
  if (event?.t !== 'done') throw new TypeError(`not done: ${JSON.stringify(event)}`);
  return event;
}

beforeAll(async () => {
  const source = await storeFile(store, await model.file(), 64 * 1024);
  const { root } = await engine.loadModel(source, () => undefined, { contextTokens: 256 });
  const prompt = await engine.encodePrompt(root, 'Once upon a time, there was');
  base = { id: '', model: root, prompt, maxTokens: 200, sampling: SAMPLED, record: 0, stop: [] };
});
afterAll(() => engine.stop());

const person = {
  type: 'object',
  properties: {
    name: { type: 'string', minLength: 1, maxLength: 8 },
    age: { type: 'integer', minimum: 0, maximum: 120 },
    mood: { enum: ['glad', 'sad', 'ängstlich'] },
    tags: { type: 'array', items: { type: 'string', maxLength: 4 }, maxItems: 2 },
  },
  required: ['name', 'age'],
  additionalProperties: false,
};
const SCHEMAS = [
  person,
  { type: 'array', items: { type: 'number', minimum: -1, maximum: 1 }, minItems: 1, maxItems: 3 },
  { anyOf: [{ type: 'null' }, { type: 'string', maxLength: 12 }] },
  { type: 'string', pattern: '^[A-Z]{3}-\\d{2}$' },
];

test('every answer fulfils its schema and every choice is one, beside answers that are free', async () => {
  const ajv = new Ajv2020({ strict: false });
  const free = await answer({ maxTokens: 40 });
  const checks = SCHEMAS.map((schema) => ajv.compile(schema));
  const answers = Array.from({ length: 16 }, async (_, i) => {
    const schema = SCHEMAS[i % SCHEMAS.length];
    const done = await answer({ sampling: { ...SAMPLED, seed: i }, constraint: { schema } });
    expect(done.finish).toBe('stop');
    expect([done.text, checks[i % SCHEMAS.length]?.(JSON.parse(done.text))]).toEqual([done.text, true]);
    return done;
  });
  const choices = ['a red ball', 'a blue ball', 'größer', '12', '123'];
  const picked = Array.from({ length: 8 }, async (_, seed) => {
    const done = await answer({ sampling: { ...SAMPLED, temperature: 8, seed }, constraint: { choices } });
    expect(choices).toContain(done.text);
    return done.text;
  });
  const beside = answer({ maxTokens: 40 });
  const together = await Promise.all(answers);
  expect(new Set(await Promise.all(picked)).size).toBeGreaterThan(1);
  expect((await beside).tokens).toEqual(free.tokens);
  // Alone as in company.
  for (const i of [0, 1, 2])
    expect((await answer({ sampling: { ...SAMPLED, seed: i }, constraint: { schema: SCHEMAS[i] } })).tokens).toEqual(
      together[i]?.tokens,
    );
});

test('so cold that the CPU draws, it keeps to the same mask; greedy is the same from both', async () => {
  const schema = SCHEMAS[0];
  const greedy = await answer({ sampling: GREEDY, constraint: { schema } });
  const cold = await answer({ sampling: { ...SAMPLED, temperature: 1e-5 }, constraint: { schema } });
  expect(cold.text).toBe(greedy.text);
});

test('what cannot be met fails by name, alone', async () => {
  const code = async (part: Partial<SequenceRequest>) => {
    const event = (await run(part)).at(-1);
    return event?.t === 'failed' ? event.code : event?.t;
  };
  const good = answer({ constraint: { schema: person } });
  expect(await code({ constraint: { schema: { type: 'integer', minimum: 5, maximum: 3 } } })).toBe(
    'constraint-unsatisfiable',
  );
  expect(await code({ constraint: { schema: { type: 'string', pattern: '^a(?=b)' } } })).toBe('constraint-unsupported');
  expect(await code({ constraint: { schema: { enum: ['x'.repeat(1e5)] } } })).toBe('constraint-too-large');
  expect(await code({ constraint: { choices: [] } })).toBe('constraint-invalid');
  expect(JSON.parse((await good).text)).toBeTypeOf('object');
});

test('a constrained sequence can be cancelled while its grammar is made and while it runs', async () => {
  const constraint = { schema: { type: 'array', items: person, minItems: 8 } };
  for (const wait of [0, 60]) {
    const id = crypto.randomUUID();
    const running = run({ id, constraint });
    await new Promise((resolve) => setTimeout(resolve, wait));
    await engine.cancel(id);
    expect((await running).at(-1)).toMatchObject({ t: 'done', finish: 'cancelled' });
  }
  expect(await engine.stats()).toMatchObject({ running: 0, waiting: 0 });
});
