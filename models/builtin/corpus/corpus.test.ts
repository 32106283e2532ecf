import { expect, test } from 'vitest';
import { createRandom } from '../../../src/base/random.ts';
import { DEFAULT_RULES, findFault, scenePrompt } from '../../../src/npc/index.ts';
import { corpusRow } from './rows.ts';
import { writeScene } from './scenes.ts';

const rows = (split: 'train' | 'held-out', count: number, seed = 1) =>
  Array.from({ length: count }, (_, index) => corpusRow(seed, index, split));
/** Names and descriptions that occur in a text: the capitalised words of more than four letters, roughly. */
const names = (texts: readonly string[]) =>
  new Set(
    texts.flatMap((text) => text.match(/(?:are|is|Is) [A-Z][a-z]{3,}/g) ?? []).map((match) => match.split(' ')[1]),
  );

test('a row depends on seed, index and split alone', () => {
  expect(corpusRow(1, 7, 'train')).toEqual(rows('train', 8)[7]);
  expect(corpusRow(2, 7, 'train')).not.toEqual(corpusRow(1, 7, 'train'));
});

test('names of the evaluation are not trained on', () => {
  const text = (split: 'train' | 'held-out') => rows(split, 3_000).map(({ messages }) => messages[0]?.content ?? '');
  const [trained, held] = [names(text('train')), names(text('held-out'))];
  expect(trained.size).toBeGreaterThan(500);
  expect(held.size).toBeGreaterThan(500);
  const shared = [...held].filter((name) => trained.has(name));
  expect(shared.filter((name) => !['What', 'Facts'].includes(name ?? ''))).toEqual([]);
});

test('every written reply is in form, allowed, and grounded in its scene', () => {
  const random = createRandom(5);
  const purposes = new Map<string, number>();
  for (let i = 0; i < 2_000; i++) {
    const { scene, reply, purpose, quoted } = writeScene(random, i % 2 === 0 ? 'train' : 'held-out', 1 + (i % 3));
    expect(findFault(scene, reply, DEFAULT_RULES), JSON.stringify({ scene, reply })).toBeUndefined();
    if (quoted !== undefined) expect(scene.facts).toContain(quoted);
    purposes.set(purpose, (purposes.get(purpose) ?? 0) + 1);
  }
  expect(purposes.size).toBe(14);
  for (const count of purposes.values()) expect(count).toBeGreaterThan(20);
});

test('a scene asks what it tells: the prompt holds the facts and ends with the player', () => {
  const { scene } = writeScene(createRandom(9), 'train', 2);
  const prompt = scenePrompt(scene);
  for (const fact of scene.facts) expect(prompt[0]?.content).toContain(`- ${fact}`);
  expect(prompt.at(-1)).toEqual({ role: 'user', content: scene.player });
});
