import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { copyBytes, type Bytes } from '../base/bytes.ts';
import { createMemoryPieceStore, parseGgufHeader, type TensorType } from '../weights/index.ts';
import { createEngineApi, type EngineApi, type EngineEvent, type ModelSource, type SequenceRequest } from './index.ts';
import { storeFile } from './testing/store-file.ts';
import { testModels } from './testing/test-models.ts';

const GREEDY = { temperature: 0, topK: 0, topP: 1, seed: 0 };
const SAMPLED = { temperature: 0.9, topK: 40, topP: 0.95, seed: 7 };
const store = createMemoryPieceStore();
const model = testModels.find(({ name }) => name === 'stories260K-Q8_0') ?? testModels[0];
if (!model) throw new TypeError('no test model');
let file: Bytes;
let source: ModelSource;
let engine: EngineApi;
let story: Uint32Array<ArrayBuffer>;

beforeAll(async () => {
  file = await model.file();
  source = await storeFile(store, file, 64 * 1024);
  engine = createEngineApi({ store });
  await engine.loadModel(source, () => undefined, { contextTokens: 128, slots: 4 });
  story = await engine.encodePrompt(source.root, 'Once upon a time, there was a little girl named Lily. '.repeat(2));
});
afterAll(() => engine.stop());

const requests = (): SequenceRequest[] =>
  Array.from({ length: 7 }, (_, i) => ({
    id: `c${i}`,
    model: source.root,
    prompt: story.slice((i % 2) * 3, story.length - (i % 3) * 5),
    maxTokens: 12 + i,
    sampling: i % 2 ? { ...SAMPLED, seed: i } : GREEDY,
    record: i,
    stop: [],
  }));

test(
  'cancelled at any instant, a sequence ends at once and the others have their own tokens',
  { timeout: 300_000 },
  async () => {
    const expected: EngineEvent[][] = [];
    for (const request of requests()) {
      const events: EngineEvent[] = [];
      await engine.generate(request, (event) => void events.push(event));
      expected.push(events);
    }
    const tokensOf = (events: readonly EngineEvent[]) =>
      events.flatMap((event) => (event.t === 'token' ? [event.token] : []));
    // When each is cancelled: in turns of the event loop, or after so many of its own tokens; some not at all.
    const when = fc.oneof(
      fc.constant({ kind: 'never' as const, count: 0 }),
      fc.record({ kind: fc.constantFrom('turns' as const), count: fc.integer({ min: 0, max: 40 }) }),
      fc.record({ kind: fc.constantFrom('tokens' as const), count: fc.integer({ min: 1, max: 10 }) }),
    );
    const property = fc.asyncProperty(fc.array(when, { minLength: 7, maxLength: 7 }), async (plans) => {
      const runs = requests().map(async (request, i) => {
        const plan = plans[i];
        const events: EngineEvent[] = [];
        let left = plan?.kind === 'tokens' ? plan.count : -1;
        const running = engine.generate(request, (event) => {
          events.push(event);
          if (event.t === 'token' && --left === 0) void engine.cancel(request.id);
        });
        if (plan?.kind === 'turns') {
          for (let turn = 0; turn < plan.count; turn++) {
            await (turn % 2 ? Promise.resolve() : new Promise((resolve) => setTimeout(resolve, 0)));
          }
          await engine.cancel(request.id);
          expect(events.at(-1)?.t).toBe('done');
        }
        await running;
        return events;
      });
      for (const [i, events] of (await Promise.all(runs)).entries()) {
        const wanted = tokensOf(expected[i] ?? []);
        expect(events.filter(({ t }) => t !== 'token')).toHaveLength(1);
        expect(events.at(-1)).toMatchObject({ t: 'done' });
        const tokens = tokensOf(events);
        expect(tokens).toEqual(wanted.slice(0, tokens.length));
        if (plans[i]?.kind === 'never') expect(tokens).toEqual(wanted);
      }
      expect(await engine.stats()).toMatchObject({ running: 0, waiting: 0 });
    });
    await fc.assert(property, { seed: 20_261_121, numRuns: 12 });
  },
);

/** The file with the type of one tensor changed in its header. */
function lie(name: string, typeId: number): Bytes {
  const bytes = copyBytes(file);
  const view = new DataView(bytes.buffer);
  const wanted = new TextEncoder().encode(name);
  const { headerBytes } = parseGgufHeader(file);
  for (let at = 0; at < headerBytes; at++) {
    const isName = view.getUint8(at) === wanted.length && wanted.every((byte, i) => bytes[at + 8 + i] === byte);
    if (!isName) continue;
    const dims = at + 8 + wanted.length;
    view.setUint32(dims + 4 + 8 * view.getUint32(dims, true), typeId, true);
    return bytes;
  }
  throw new TypeError(`no tensor ${name}`);
}

/** Of no test model, nor of the size of its types. */
const Q5_0 = 6;
const Q8_0 = 8;
test.each<[string, number, TensorType]>([
  ['blk.0.attn_q.weight', Q5_0, 'Q5_0'],
  ['blk.1.ffn_down.weight', 0, 'F32'],
  ['blk.0.attn_norm.weight', Q8_0, 'Q8_0'],
  ['blk.0.attn_q.weight', 4711, 'F32'],
])('a file that lies about the type of %s (%i) is refused by name, and the engine goes on', async (name, typeId) => {
  const liar = createMemoryPieceStore();
  const before = await engine.stats();
  const loading = (async () => {
    const lies = lie(name, typeId);
    return await createEngineApi({ store: liar }).loadModel(await storeFile(liar, lies, 64 * 1024), () => undefined);
  })();
  await expect(loading).rejects.toMatchObject({ code: expect.stringMatching(/^(gguf-|model-)/) });
  expect((await engine.stats()).gpuBytes).toBe(before.gpuBytes);
});
