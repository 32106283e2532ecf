import { assert, property, uint8Array, integer, array, record, constantFrom, asyncProperty } from 'fast-check';
import { expect, test } from 'vitest';
import type { JobId } from '../base/branded.ts';
import { createRandom, type Random } from '../base/random.ts';
import { CHUNK_LINES, MAX_BATCH_BYTES, MAX_BATCH_LINES, MAX_LINE_BYTES } from './constants.ts';
import { keptLines, readKept, type KeptLine } from './job-schema.ts';
import { createJobStore } from './job-store.ts';
import { readLines, type TextLine } from './line-reader.ts';
import { prepareJob } from './prepare-job.ts';
import {
  ADAPTER,
  batchLine,
  batchOf,
  createFakeStore,
  letters,
  resolveAdapter,
  resolveModel,
} from './simulation.compliance.ts';

const ID = 'job' as JobId;
const NAMED =
  /^(line-too-long|not-utf8|not-json|not-object|unknown-field|custom-id-(missing|invalid|doubled)|unknown-(method|url|model|adapter)|adapter-mismatch|body-missing|model-(missing|mismatch)|unsupported-parameter|bad-(parameter|max-tokens|messages|prompt)|bad-schema|not-encodable|prompt-too-long|context-exceeded)$/;

async function prepare(file: Blob, usualAdapter?: string) {
  const jobs = createJobStore(createFakeStore());
  const never = new AbortController().signal;
  const components = { jobs, resolveModel, resolveAdapter, tokensFor: async () => letters, usualAdapter };
  const prepared = await prepareJob(components, ID, file, 7, () => undefined, never);
  const lines: KeptLine[] = [];
  for (let chunk = 0; chunk * CHUNK_LINES < prepared.total; chunk++) lines.push(...(await jobs.readLines(ID, chunk)));
  return { prepared, lines };
}

const codesOf = (lines: readonly KeptLine[]) => lines.map((line) => (line.t === 'fault' ? line.code : line.customId));

test('every line becomes a record or a fault, in order, with its number as an editor counts', async () => {
  const text = ['', batchLine('a'), '  ', 'x', `${batchLine('b')}\r`, batchLine('a'), ''].join('\n');
  const { prepared, lines } = await prepare(new Blob([text]));
  expect(codesOf(lines)).toEqual(['a', 'not-json', 'b', 'custom-id-doubled']);
  expect(lines.map(({ line }) => line)).toEqual([2, 4, 5, 6]);
  expect(prepared).toMatchObject({ total: 4, refused: 2, model: 'letters' });
  expect([...prepared.plan.costs].map((cost) => cost > 0)).toEqual([true, false, true, false]);
});

test('a batch has the model of its first line that names a known one', async () => {
  const models = ['nobody', 'letters', 'others', 'letters'];
  const text = models.map((model, i) => batchLine(`r${i}`, { model })).join('\n');
  const { lines } = await prepare(new Blob([text]));
  expect(codesOf(lines)).toEqual(['unknown-model', 'r1', 'model-mismatch', 'r3']);
});

test('a line names its adapter beside the model or in its place, or has the usual one', async () => {
  const bodies = [
    {},
    { adapter: 'accent' },
    { model: 'accent' },
    { adapter: 'nobody' },
    { adapter: 'twang' },
    { model: 'twang' },
    { adapter: null },
    { adapter: 7 },
  ];
  const text = bodies.map((body, i) => batchLine(`r${i}`, body)).join('\n');
  const faults = ['unknown-adapter', 'adapter-mismatch', 'model-mismatch'];
  const plain = await prepare(new Blob([text]));
  expect(codesOf(plain.lines)).toEqual(['r0', 'r1', 'r2', ...faults, 'r6', 'bad-parameter']);
  expect(plain.prepared.plan.adapters).toEqual({ roots: [ADAPTER], of: Uint8Array.of(0, 1, 1, 0, 0, 0, 0, 0) });
  expect(plain.lines.slice(0, 2)).toMatchObject([{ t: 'record' }, { t: 'record', adapter: ADAPTER }]);
  const usual = await prepare(new Blob([text]), 'accent');
  expect(codesOf(usual.lines)).toEqual(['r0', 'r1', 'r2', ...faults, 'r6', 'bad-parameter']);
  expect(usual.prepared.plan.adapters?.of).toEqual(Uint8Array.of(1, 1, 1, 0, 0, 0, 1, 0));
  expect((await prepare(batchOf(2))).prepared.plan).not.toHaveProperty('adapters');
});

test('what does not fit the context is refused by name, and a missing max_tokens is bounded by it', async () => {
  const text = [
    batchLine('a', { prompt: 'x'.repeat(512) }),
    batchLine('b', { prompt: 'x'.repeat(500), max_tokens: 13 }),
    batchLine('c', { prompt: 'x'.repeat(500), max_tokens: undefined }),
    batchLine('d', { max_tokens: undefined }),
    batchLine('e', { messages: [{ role: 'user', content: 'refuse' }] }, '/v1/chat/completions'),
  ].join('\n');
  const { lines } = await prepare(new Blob([text]));
  expect(codesOf(lines)).toEqual(['prompt-too-long', 'context-exceeded', 'c', 'd', 'not-encodable']);
  expect(lines[2]).toMatchObject({ maxTokens: 12 });
  expect(lines[3]).toMatchObject({ maxTokens: 256 });
});

test('a schema that cannot be held to fails its line alone, and a good one is kept', async () => {
  const format = (schema: object) => ({ response_format: { type: 'json_schema', json_schema: { schema } } });
  const text = [
    batchLine('a', format({ const: 'impossible' })),
    batchLine('b', format({ type: 'integer' })),
    batchLine('c'),
  ].join('\n');
  const { lines } = await prepare(new Blob([text]));
  expect(codesOf(lines)).toEqual(['bad-schema', 'b', 'c']);
  expect(lines[0]).toMatchObject({ param: 'response_format', message: 'work: no text meets this schema' });
  expect(lines[1]).toMatchObject({ schema: '{"type":"integer"}' });
  expect(lines[2]).not.toHaveProperty('schema');
});

test('a missing seed is another for every record, and the same when the file is read again', async () => {
  const seeds = (lines: readonly KeptLine[]) => lines.map((line) => (line.t === 'record' ? line.seed : -1));
  const first = seeds((await prepare(batchOf(100))).lines);
  expect(new Set(first).size).toBe(100);
  expect(seeds((await prepare(batchOf(100))).lines)).toEqual(first);
});

test('an empty file is `empty-batch`, and so is one of blank lines', async () => {
  await expect(prepare(new Blob([]))).rejects.toMatchObject({ name: 'WorkError', code: 'empty-batch' });
  await expect(prepare(new Blob(['\n \r\n\t\n']))).rejects.toMatchObject({ code: 'empty-batch' });
});

test('a file of too many bytes or lines is `batch-too-large`', async () => {
  const huge = { size: MAX_BATCH_BYTES + 1 } as Blob;
  await expect(prepare(huge)).rejects.toMatchObject({ code: 'batch-too-large' });
  const many = new Blob(['1\n'.repeat(MAX_BATCH_LINES + 1)]);
  await expect(prepare(many)).rejects.toMatchObject({ code: 'batch-too-large', details: { limit: MAX_BATCH_LINES } });
});

test('one huge line costs the memory of one allowed line, and the next line is read', async () => {
  const part = new Blob([new Uint8Array(4 * 1024 * 1024).fill(0x61)]);
  const file = new Blob([...Array.from({ length: 16 }, () => part), '\n', batchLine('after')]);
  const lines: TextLine[] = [];
  let read = 0;
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  const onBytes = (bytes: Uint8Array) => {
    read += bytes.byteLength;
    most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  };
  for await (const line of readLines(file, onBytes)) lines.push(line);
  expect(lines).toEqual([
    { line: 1, fault: 'line-too-long' },
    { line: 2, text: batchLine('after') },
  ]);
  expect(read).toBe(file.size);
  // 64 MiB were read; the stream's own buffers come and go, so the bound is loose.
  expect(most).toBeLessThan(48 * 1024 * 1024);
});

test('a line of exactly the limit is read, one byte more is not', async () => {
  const pad = (bytes: number) => batchLine('a', { prompt: 'x'.repeat(bytes) });
  const fill = MAX_LINE_BYTES - pad(0).length;
  const { lines } = await prepare(new Blob([`${pad(fill)}\n${pad(fill + 1)}`]));
  expect(codesOf(lines)).toEqual(['prompt-too-long', 'line-too-long']);
});

test('lines are the same however the file is cut into chunks', async () => {
  await assert(
    asyncProperty(array(uint8Array({ maxLength: 40 }), { maxLength: 8 }), async (parts) => {
      const whole = new Blob(parts);
      const cut = { size: whole.size, stream: () => new Response(streamOf(parts)).body } as unknown as Blob;
      const collect = async (file: Blob) => {
        const lines: TextLine[] = [];
        for await (const line of readLines(file, () => undefined)) lines.push(line);
        return lines;
      };
      expect(await collect(cut)).toEqual(await collect(whole));
    }),
    { numRuns: 300 },
  );
});

function streamOf(parts: readonly Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const part of parts) if (part.byteLength > 0) controller.enqueue(part);
      controller.close();
    },
  });
}

test('fuzz: 100,000 mutated lines of one file become records or faults by name, one each, in bounded memory', async () => {
  const random = createRandom(20_26);
  const count = 100_000;
  const file = mutatedBatch(count, random);
  const kept: string[] = [];
  const codes = new Set<string>();
  const jobs = {
    async writeLines(_id: JobId, chunk: number, lines: readonly KeptLine[]) {
      expect(chunk * CHUNK_LINES).toBe(kept.length);
      for (const line of readKept(keptLines, lines, 'lines')) {
        if (line.t === 'fault') codes.add(line.code);
        kept.push(line.t);
      }
    },
  };
  globalThis.gc?.();
  const before = process.memoryUsage().heapUsed;
  let most = 0;
  const onLine = (total: number) => {
    if (total % 3200 === 0) most = Math.max(most, process.memoryUsage().heapUsed - before);
  };
  const never = new AbortController().signal;
  const components = { jobs, resolveModel, tokensFor: async () => letters };
  const prepared = await prepareJob(components, ID, file, 1, onLine, never);
  expect(prepared.total).toBe(count);
  expect(kept).toHaveLength(count);
  expect([...codes].filter((code) => !NAMED.test(code))).toEqual([]);
  // The mutations reach every kind of refusal that a text line can earn, or the fuzz would prove little.
  expect(codes.size).toBeGreaterThanOrEqual(18);
  // 25 MB of text went by; ids and costs stay, the rest is rubbish that a collection frees now and then.
  expect(most).toBeLessThan(160 * 1024 * 1024);
}, 120_000);

/** Lines that are valid, damaged byte by byte, damaged field by field, or rubbish. */
function mutatedBatch(count: number, random: Random): Blob {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const encoder = new TextEncoder();
  for (let i = 0; i < count; i++) {
    const bytes = encoder.encode(mutatedLine(i, random));
    if (random.below(3) === 0)
      for (let n = random.below(4); n >= 0; n--) bytes[random.below(bytes.length)] = random.below(256);
    // A line feed inside would make two lines, a blank line none.
    parts.push(
      Uint8Array.from(bytes, (byte) => (byte === 0x0a ? 0x2e : byte)),
      Uint8Array.of(0x2e, 0x0a),
    );
    const last = parts.at(-1);
    if (random.below(3) > 0 && last) last[0] = 0x20;
  }
  return new Blob(parts);
}

const ODD = [
  null,
  0,
  -1,
  1.5,
  1e308,
  '',
  'x',
  'letters',
  'others',
  [],
  {},
  [[]],
  true,
  { a: 1 },
  'y'.repeat(600),
] as const;
const KEYS = [
  'model',
  'prompt',
  'messages',
  'max_tokens',
  'temperature',
  'top_p',
  'top_k',
  'seed',
  'stop',
  'n',
  'tools',
  'zz',
];
const FIELDS = ['custom_id', 'method', 'url', 'body', 'extra'];

function mutatedLine(i: number, random: Random): string {
  const isChat = random.below(2) === 0;
  const line = JSON.parse(
    batchLine(`r${random.below(8) === 0 ? 0 : i}`, {}, isChat ? '/v1/chat/completions' : undefined),
  ) as {
    [field: string]: unknown;
    body: Record<string, unknown>;
  };
  const pick = <T>(from: readonly T[]) => from[random.below(from.length)] as T;
  const kind = random.below(6);
  if (kind === 0) line[pick(FIELDS)] = pick(ODD);
  if (kind === 1 || kind === 2) line.body[pick(KEYS)] = pick(ODD);
  if (kind === 3) delete line[pick(FIELDS)];
  if (kind === 4 && isChat)
    line.body['messages'] = [{ role: pick(['user', 'tool']), content: pick(['refuse', 'hi', 7, []]) }];
  const text = JSON.stringify(line);
  return kind === 5 && random.below(4) === 0 ? text.slice(0, 1 + random.below(text.length)) : text;
}

test('fuzz: a kept chunk that was damaged on disk is `job-damaged` and nothing else', () => {
  const value = record({
    t: constantFrom('record', 'fault', 'x'),
    line: integer(),
    customId: constantFrom('a', null, 7),
  });
  assert(
    property(array(value), (lines) => {
      try {
        readKept(keptLines, lines, 'lines');
        expect(lines).toEqual([]);
      } catch (error) {
        expect(error).toMatchObject({ name: 'WorkError', code: 'job-damaged' });
      }
    }),
  );
});
