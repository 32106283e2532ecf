import { expect, test } from 'vitest';
import type { AdapterRoot } from '../../base/branded.ts';
import { createMemoryPieceStore, parseGgufHeader } from '../../weights/index.ts';
import { createEngineApi, type SequenceRequest } from '../index.ts';
import { readModelConfig } from '../model/config.ts';
import { eventsOf, streamedOf, tokensOf } from '../testing/answer.ts';
import { randomAdapter } from '../testing/random-adapter.ts';
import { reachableGpu } from '../testing/reachable-gpu.ts';
import { storeFile } from '../testing/store-file.ts';
import { testModels } from '../testing/test-models.ts';

const GREEDY = { temperature: 0, topK: 0, topP: 1, seed: 0 };
const SAMPLED = { temperature: 0.9, topK: 40, topP: 0.95, seed: 7 };
const LOSSES = 3;
const TOKENS_BETWEEN = 25;

/** Each loss reloads the model, tests its kernels and compiles those of adapters: seconds on a GPU in software. */
test(
  'adapters through a lost device: every sequence ends with the tokens of its own adapter',
  { timeout: 300_000 },
  async () => {
    const store = createMemoryPieceStore();
    const model = testModels.find(({ name }) => name === 'stories260K-Q8_0') ?? testModels[0];
    if (!model) throw new TypeError('no test model');
    const file = await model.file();
    const source = await storeFile(store, file, 64 * 1024);
    const { root } = source;
    const { gpu, devices } = reachableGpu();
    const engine = createEngineApi({ store, gpu });
    await engine.loadModel(source, () => undefined, { contextTokens: 128, slots: 4 });
    const config = readModelConfig(parseGgufHeader(file));
    const names = ['all', 'some', 'later'] as AdapterRoot[];
    const [all, some, later] = names;
    const targets = ['attn_q', 'attn_v', 'ffn_up'];
    const weights = [{ rank: 12 }, { rank: 3, targets }, { rank: 64, strength: 4 }];
    for (const [i, name] of names.entries())
      await engine.loadAdapter(root, name, randomAdapter(config, { seed: i, rank: 1, ...weights[i] }));
    const prompt = await engine.encodePrompt(root, 'Once upon a time, there was a little girl named Lily.');
    // More than there are slots: adapters are opened and closed while devices come and go.
    const requests = [all, some, undefined, all, some, undefined].map((adapter, i): SequenceRequest => ({
      id: `r${i}`,
      model: root,
      prompt: prompt.slice(0, prompt.length - i),
      maxTokens: 30,
      sampling: i % 2 === 0 ? GREEDY : { ...SAMPLED, seed: i },
      record: i,
      stop: [],
      ...(adapter ? { adapter } : {}),
    }));
    const expected = await Promise.all(requests.map((request) => eventsOf(engine, request)));
    let [losses, tokens] = [0, 0];
    const onToken = () => {
      if (losses === LOSSES || ++tokens < TOKENS_BETWEEN) return;
      [losses, tokens] = [losses + 1, 0];
      devices.at(-1)?.destroy();
    };
    const found = await Promise.all(requests.map((request) => eventsOf(engine, request, onToken)));
    expect(losses).toBe(LOSSES);
    expect((await engine.stats()).deviceLosses).toBeGreaterThan(1);
    expect(found.map(tokensOf)).toEqual(expected.map(tokensOf));
    expect(found.map(streamedOf)).toEqual(found.map(tokensOf));
    // They do change what is said.
    const [first] = requests;
    if (!first) throw new TypeError('no request');
    const { adapter: _, ...plain } = first;
    const alone = tokensOf(await eventsOf(engine, plain));
    expect(tokensOf(expected[0] ?? [])).not.toEqual(alone);
    // One that was loaded before the losses and first runs after them.
    expect(await engine.adaptersOf(root)).toEqual(names);
    const after = await eventsOf(engine, { ...first, ...(later ? { adapter: later } : {}) });
    expect(tokensOf(after)).toHaveLength(30);
    expect(tokensOf(after)).not.toEqual(alone);
    await engine.stop();
  },
);
