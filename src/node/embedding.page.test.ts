import { expect, test } from 'vitest';
import type { ModelRoot } from '../base/branded.ts';
import { createNode } from './create-node.ts';
import type { Embedding } from './embedding.ts';
import { createDutyGovernor } from './governor/duty-governor.ts';
import { PRESETS } from './governor/signals.ts';
import { createSignalWatcher } from './governor/watch-signals.ts';

const model = 'a'.repeat(64) as ModelRoot;
const embeddingWith = (mayWork: () => boolean): Embedding => ({
  mayWork,
  siteShare: 0.25,
  storage: { t: 'own' },
  frames: () => undefined,
  onElsewhere: () => undefined,
  onChange: () => undefined,
});

test('embedded without a grant, the node refuses whatever would work, download or connect, by name', async () => {
  const before = await indexedDB.databases();
  const node = createNode(embeddingWith(() => false));
  const signal = new AbortController().signal;
  const asked = { model, messages: [], temperature: 0, maxTokens: 1, onText: () => undefined, signal };
  const refusals = [
    () => node.contribute({ textVersion: '1', atMs: 0, model }),
    () => node.chat(asked),
    () => node.readOffer(),
    () => node.download(model),
    () => node.takeOver(),
    () => node.claim(true),
    () => node.submitBatch(new File([], 'a.jsonl'), 'device'),
  ];
  for (const refused of refusals) await expect(refused()).rejects.toMatchObject({ code: 'no-grant' });
  expect(() => node.resume()).toThrow('has not agreed');
  expect(node.snapshot().phase).toBe('off');
  expect(await indexedDB.databases()).toEqual(before);
});

test('a grant that ends takes the whole share away at the next look', () => {
  let mayWork = true;
  let nowMs = 0;
  const signals = createSignalWatcher(
    () => nowMs,
    embeddingWith(() => mayWork),
  );
  const governor = createDutyGovernor(() => nowMs);
  const always = { ...PRESETS.full, when: { kind: 'always' } } as const;
  expect(governor.update(always, signals.now())).toMatchObject({ share: 0.25, limitedBy: 'site' });
  mayWork = false;
  nowMs += 200;
  expect(governor.update(always, signals.now())).toMatchObject({ share: 0, limitedBy: 'site' });
});
