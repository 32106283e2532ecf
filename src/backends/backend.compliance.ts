import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import type { ModelFiles } from '../weights/index.ts';
import type { Backend, BackendModel, BackendTask } from './backend.ts';
import { SENTIMENT_LABELS, speak } from './testing/tiny-models.ts';

/** A task that a backend claims, with a model to show it on. */
export interface Claim {
  readonly task: BackendTask;
  /** Of a zero-shot classifier whose answers are known: nnn, yyy and xxx for x, the likeliest first. */
  readonly order?: readonly string[];
  files(): Promise<ModelFiles>;
}

const TASKS: readonly BackendTask[] = [
  'completion',
  'chat',
  'embedding',
  'text-classification',
  'zero-shot-classification',
  'speech-to-text',
];

/** Everything that a backend must do for each task that it claims; the tasks that it does not claim it must refuse. */
export function testBackend(create: () => Promise<Backend>, claims: readonly Claim[]): void {
  let backend: Backend;
  beforeAll(async () => {
    backend = await create();
  });

  for (const claim of claims) {
    const { task, files } = claim;
    let model: BackendModel;
    test(`${task}: loads from the store, with no request but for the library's own files`, async () => {
      const stored = await files();
      const fetched = vi.spyOn(globalThis, 'fetch');
      model = await backend.load(stored, { task });
      expect(model.tasks).toContain(task);
      const elsewhere = fetched.mock.calls.map(([input]) => new URL(urlOf(input), location.href)).filter(isForeign);
      expect(elsewhere.map(({ href }) => href)).toEqual([]);
    });
    CHECKS[task](() => model, claim);
    test(`${task}: refuses what the model does not do`, async () => {
      if (!model.tasks.includes('speech-to-text'))
        await expect(model.transcribe(new Float32Array(320))).rejects.toMatchObject({ code: 'task-unsupported' });
      if (!model.tasks.includes('embedding'))
        await expect(model.embed(['a'])).rejects.toMatchObject({ code: 'task-unsupported' });
    });
    test(`${task}: an aborted load gives nothing`, async () => {
      const signal = AbortSignal.abort();
      await expect(backend.load(await files(), { task, signal })).rejects.toMatchObject({ name: 'AbortError' });
    });
    test(`${task}: after close every call is refused by name`, async () => {
      await model.close();
      await model.close();
      await expect(model.embed(['a'])).rejects.toMatchObject({ code: 'model-closed' });
      await expect(model.complete(ONCE)).rejects.toMatchObject({ code: 'model-closed' });
    });
  }

  const unclaimed = TASKS.filter((task) => !claims.some((claim) => claim.task === task));
  test.each(unclaimed)('%s is not claimed, and refused', async (task) => {
    const [claim] = claims;
    if (!claim) throw new TypeError('a backend claims something');
    const loading = backend.load(await claim.files(), { task });
    await expect(loading).rejects.toMatchObject({ name: 'BackendError' });
  });

  afterEach(() => vi.restoreAllMocks());
}

const ONCE = { prompt: 'Once upon a time', maxTokens: 12, temperature: 0, seed: 1 };

type Checks = (model: () => BackendModel, claim: Claim) => void;

const completes =
  (task: 'completion' | 'chat', prompt: Parameters<BackendModel['complete']>[0]['prompt']): Checks =>
  (model) => {
    test(`${task}: greedy twice is the same, streamed piece by piece, no longer than asked`, async () => {
      const pieces: string[] = [];
      const first = await model().complete({ ...ONCE, prompt }, { onText: (piece) => pieces.push(piece) });
      const again = await model().complete({ ...ONCE, prompt });
      expect(again).toMatchObject({ text: first.text, finish: first.finish });
      expect(pieces.join('')).toBe(first.text);
      expect(first.completionTokens).toBeLessThanOrEqual(12);
      expect(first.promptTokens).toBeGreaterThan(0);
    });
    test(`${task}: an abort in the middle is an AbortError, and the next request is answered`, async () => {
      const controller = new AbortController();
      const { signal } = controller;
      const long = model().complete({ ...ONCE, prompt, maxTokens: 200 }, { signal, onText: () => controller.abort() });
      await expect(long).rejects.toMatchObject({ name: 'AbortError' });
      expect((await model().complete({ ...ONCE, prompt, maxTokens: 4 })).completionTokens).toBeLessThanOrEqual(4);
    });
    test(`${task}: requests at the same time are each answered as alone`, async () => {
      const alone = await model().complete({ ...ONCE, prompt });
      const both = await Promise.all([model().complete({ ...ONCE, prompt }), model().complete({ ...ONCE, prompt })]);
      expect(both.map(({ text }) => text)).toEqual([alone.text, alone.text]);
    });
  };

const CHECKS: Record<BackendTask, Checks> = {
  completion: completes('completion', 'Once upon a time'),
  chat: completes('chat', [{ role: 'user', content: 'hello' }]),
  embedding: (model) => {
    test('embedding: unit vectors, the same in a batch and alone', async () => {
      const texts = ['to be or not to be', 'x', 'a text that is a good deal longer than the others'];
      const together = await model().embed(texts);
      expect(together).toHaveLength(3);
      for (const [i, text] of texts.entries()) {
        const [alone] = await model().embed([text]);
        const vector = together[i] ?? new Float32Array();
        expect(Math.hypot(...vector)).toBeCloseTo(1, 4);
        // Padding is masked, sums run in another order: f32 noise only.
        expect(Math.max(...vector.map((value, j) => Math.abs(value - (alone?.[j] ?? 9))))).toBeLessThan(1e-4);
      }
      expect(dot(together[0], together[2])).toBeLessThan(0.9999);
    });
  },
  'text-classification': (model) => {
    test('text-classification: every label once, the likeliest first, probabilities', async () => {
      const scores = await model().classify('y y y');
      expect(scores.map(({ label }) => label).toSorted()).toEqual([...SENTIMENT_LABELS].toSorted());
      expect(scores[0]?.label).toBe('entailment');
      expect(scores.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 5);
      expect((await model().classify('n n n'))[0]?.label).toBe('contradiction');
    });
  },
  'zero-shot-classification': (model, { order }) => {
    test('zero-shot-classification: the labels that were given, the likeliest first', async () => {
      const labels = ['nnn', 'yyy', 'xxx'];
      const scores = await model().choose('x', labels);
      const found = scores.map(({ label }) => label);
      expect(found.toSorted()).toEqual(labels.toSorted());
      if (order) expect(found).toEqual(order);
      expect(scores.map(({ score }) => score)).toEqual(scores.map(({ score }) => score).toSorted((a, b) => b - a));
      expect(scores.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 5);
      const turned = await model().choose('x', labels.toReversed());
      expect(turned.map(({ label }) => label)).toEqual(found);
    });
  },
  'speech-to-text': (model) => {
    test('speech-to-text: hears what was said', async () => {
      expect(await model().transcribe(speak('abcab'))).toBe('abcab');
      expect(await model().transcribe(speak('c'))).toBe('c');
    });
  },
};

function dot(a: Float32Array | undefined, b: Float32Array | undefined): number {
  return a?.reduce((sum, value, i) => sum + value * (b?.[i] ?? 0), 0) ?? Number.NaN;
}

function urlOf(input: RequestInfo | URL): string {
  return input instanceof Request ? input.url : String(input);
}

/** A model's file has no business on the network; a library's own module or wasm comes from our origin. */
function isForeign(url: URL): boolean {
  return (
    url.protocol.startsWith('http') && (url.origin !== location.origin || /\.(onnx|gguf|json|bin)$/.test(url.pathname))
  );
}
