import { expect, test, vi } from 'vitest';
import { createFakeClock } from '../base/fake-clock.ts';
import {
  createNpcKit,
  EMPTY_MEMORY,
  findFault,
  DEFAULT_RULES,
  parseMemory,
  readReply,
  remember,
  SCENE_LIMITS,
  STOCK,
  type Complete,
  type NpcKitInit,
  type Scene,
} from './index.ts';

const scene: Scene = {
  character: { name: 'Mara', role: 'smith', style: 'gruff' },
  facts: ['The old mill is near the red bridge.', 'The silver lamp costs 12 coins.', 'Tarn needs 3 nails.'],
  actions: ['talk', 'wave', 'trade'],
  turns: [],
  player: 'Where is the mill?',
};

/** A model that answers with these texts in turn, in pieces of three letters. */
function model(...answers: (string | Error)[]): Complete & { readonly seeds: number[] } {
  const seeds: number[] = [];
  let at = 0;
  const complete: Complete = async ({ onText, seed }) => {
    seeds.push(seed);
    const answer = answers[at++ % answers.length] ?? '';
    if (answer instanceof Error) throw answer;
    for (const piece of answer.match(/.{1,3}/gsu) ?? []) onText(piece);
    return { text: answer, by: 'peer-a' };
  };
  return Object.assign(complete, { seeds });
}

const kitOf = (complete: Complete, init: Partial<NpcKitInit> = {}) =>
  createNpcKit({ complete, clock: createFakeClock(), ...init });

test('a quoted fact is committed with its place in the scene and who computed it', async () => {
  const line = await kitOf(model('talk: Hm. The old mill is near the red bridge.')).say(scene);
  expect(line).toEqual({
    action: 'talk',
    say: 'Hm. The old mill is near the red bridge.',
    source: 'model',
    cites: [0],
    by: 'peer-a',
    refused: [],
  });
});

test.each([
  ['no form', 'The old mill is near the red bridge.', 'form'],
  ['an action that the scene does not allow', 'flee: Not for sale.', 'action'],
  ['a swapped place', 'talk: The old bridge is near the red mill.', 'invented'],
  ['a wrong number', 'talk: The silver lamp costs 13 coins.', 'invented'],
  ['a torn fact', 'talk: The old mill is', 'invented'],
  ['babble', 'talk: the the of a', 'invented'],
  ['something added to a fact', 'talk: Tarn needs 3 nails. Ask Korvan.', 'invented'],
  ['a name that the player gave', 'talk: I am Korvan, the smith.', 'invented'],
  ['too many letters', `talk: ${'Not for sale. '.repeat(30).trim()}`, 'too-long'],
])('%s is refused, asked again, and the second answer taken', async (_, first, kind) => {
  const complete = model(first, 'trade: The silver lamp costs 12 coins.');
  const line = await kitOf(complete).say(scene);
  expect(line).toMatchObject({ action: 'trade', source: 'model', cites: [1], refused: [{ kind }] });
  expect(new Set(complete.seeds).size).toBe(2);
});

test("when nothing passes the game's own lines are taken in turn, and without any the kit's", async () => {
  const kit = kitOf(model('nonsense'));
  const fallback = ['Come back later.', 'Busy.'];
  const said = [await kit.say(scene, { fallback }), await kit.say(scene, { fallback }), await kit.say(scene)];
  expect(said.map(({ say }) => say)).toEqual(['Come back later.', 'Busy.', STOCK.gruff.unknown]);
  expect(said.map(({ source }) => source)).toEqual(['script', 'script', 'script']);
});

test('an engine that can is held to the replies that would pass, and no others', async () => {
  let offered: readonly string[] = [];
  const kit = kitOf(async ({ choices = [] }) => {
    offered = choices;
    return { text: choices[0] ?? '', by: 'device' };
  });
  expect((await kit.say(scene)).source).toBe('model');
  expect(offered).toContain('trade: Hm. The silver lamp costs 12 coins.');
  expect(new Set(offered).size).toBe(offered.length);
  for (const text of offered)
    expect([text, findFault(scene, readReply(text), DEFAULT_RULES)]).toEqual([text, undefined]);
});

test('broken answers are counted for who computed them; wrong but sound ones are not', async () => {
  const kit = kitOf(model('###', 'fly: Not for sale.', 'talk: The mill is red.'));
  await kit.say(scene);
  expect(kit.peerRecords()).toEqual(new Map([['peer-a', { answers: 3, broken: 2 }]]));
});

test("the game's predicate has the last word, and one that throws says no", async () => {
  const answers = model('talk: Tarn needs 3 nails.');
  const no = await kitOf(answers, { rules: { accepts: () => false } }).say(scene);
  expect(no.refused[0]).toEqual({ kind: 'refused-by-game', threw: false });
  const accepts = () => {
    throw new Error('a bug of the game');
  };
  const thrown = await kitOf(answers, { rules: { accepts } }).say(scene);
  expect(thrown).toMatchObject({ source: 'script', refused: { 0: { kind: 'refused-by-game', threw: true } } });
});

test('sentences are heard as soon as they are sure, and what was heard stays', async () => {
  const heard: string[] = [];
  const onSentence = (sentence: string) => heard.push(sentence);
  const whole = await kitOf(model('talk: Hm. Tarn needs 3 nails.')).say(scene, { onSentence });
  expect(heard).toEqual(['Hm.', 'Tarn needs 3 nails.']);
  expect(whole.say).toBe('Hm. Tarn needs 3 nails.');
  heard.length = 0;
  const cut = await kitOf(model('talk: Tarn needs 3 nails. Kill him. Not for sale.')).say(scene, { onSentence });
  expect(heard).toEqual(['Tarn needs 3 nails.']);
  expect(cut).toMatchObject({ say: 'Tarn needs 3 nails.', source: 'model', refused: [{ kind: 'invented' }] });
});

test('a model that fails or hangs gives the scripted line by the deadline', async () => {
  const failed = await kitOf(model(new Error('the device was lost'))).say(scene);
  expect(failed).toMatchObject({
    source: 'script',
    refused: [{ kind: 'failed' }, { kind: 'failed' }, { kind: 'failed' }],
  });
  const clock = createFakeClock();
  const late = createNpcKit({ complete: () => new Promise(() => {}), clock, deadlineMs: 800 }).say(scene);
  await clock.advance(800);
  expect(await late).toMatchObject({ source: 'script', refused: [{ kind: 'late' }] });
});

test('a game that stops asking gets the standard abort error, at once', async () => {
  const stop = new AbortController();
  const said = kitOf(() => new Promise(() => {})).say(scene, { signal: stop.signal });
  stop.abort();
  await expect(said).rejects.toMatchObject({ name: 'AbortError' });
});

test('over the budget the script answers without asking, until the minute has passed', async () => {
  const clock = createFakeClock();
  const complete = vi.fn(model('talk: Not for sale.'));
  const kit = createNpcKit({ complete, clock, budget: { linesPerFrame: 9, linesPerMinute: 2 } });
  for (let i = 0; i < 3; i++) await kit.say(scene);
  expect(complete).toHaveBeenCalledTimes(2);
  expect((await kit.say(scene)).refused).toEqual([{ kind: 'budget' }]);
  await clock.advance(60_000);
  expect((await kit.say(scene)).source).toBe('model');
  const inOneFrame = createNpcKit({ complete, clock, budget: { linesPerFrame: 1 } });
  const both = await Promise.all([inOneFrame.say(scene), inOneFrame.say(scene)]);
  expect(both.map(({ source }) => source)).toEqual(['model', 'script']);
});

test.each<[string, unknown, string]>([
  ['no scene', undefined, 'scene-invalid'],
  ['a fact that is no text', { ...scene, facts: [7] }, 'scene-invalid'],
  ['an action that is a sentence', { ...scene, actions: ['Do it!'] }, 'scene-invalid'],
  ['no action', { ...scene, actions: [] }, 'scene-invalid'],
  ['a fact too long', { ...scene, facts: ['x'.repeat(SCENE_LIMITS.factChars + 1)] }, 'scene-too-large'],
  ['too many facts', { ...scene, facts: Array.from({ length: 17 }, (_, i) => `Fact ${i}.`) }, 'scene-too-large'],
  ['a player who writes a book', { ...scene, player: 'x'.repeat(401) }, 'scene-too-large'],
  ['two prices', { ...scene, facts: ['The lamp costs 3 coins.', 'The lamp costs 4 coins.'] }, 'scene-contradictory'],
  ['is and is not', { ...scene, facts: ['The gate is open.', 'The gate is not open.'] }, 'scene-contradictory'],
])('%s is refused by name before anything is asked', async (_, bad, code) => {
  const complete = vi.fn(model('talk: Not for sale.'));
  await expect(kitOf(complete).say(bad as Scene)).rejects.toMatchObject({ name: 'NpcError', code });
  expect(complete).not.toHaveBeenCalled();
});

test('memory is a value of the game: it forgets the oldest and refuses what is none', () => {
  const turn = (player: string) => ({ player, reply: { action: 'talk', say: 'Hm.' } });
  const memory = ['a', 'b', 'c', 'd'].reduce((memory, player) => remember(memory, turn(player)), EMPTY_MEMORY);
  expect(memory.turns.map(({ player }) => player)).toEqual(['b', 'c', 'd']);
  expect(parseMemory(JSON.parse(JSON.stringify(memory)))).toEqual(memory);
  expect(() => parseMemory({ turns: [{ player: 'a' }] })).toThrow(
    expect.objectContaining({ name: 'NpcError', code: 'memory-invalid' }),
  );
});

test('named grounding lets larger models speak freely, but not of things that the scene does not hold', () => {
  const rules = { ...DEFAULT_RULES, grounding: 'named', lexicon: ['silver lamp', 'golden crown'] } as const;
  const fault = (say: string) => findFault(scene, { action: 'talk', say }, rules);
  expect(fault('That lamp? It will cost you 12 coins, and Tarn wants one too.')).toBeUndefined();
  expect(fault('I would sell the crown.')).toEqual({ kind: 'invented', found: 'crown' });
  expect(fault('Go and see Korvan.')).toEqual({ kind: 'invented', found: 'Korvan' });
  expect(fault('It costs 40 coins.')).toEqual({ kind: 'invented', found: '40' });
});
