import { beforeEach, expect, test, vi } from 'vitest';
import type { ModelRoot } from '../../base/branded.ts';
import { createFakeClock, type FakeClock } from '../../base/fake-clock.ts';
import type {
  ChatOptions,
  Embedding,
  NodeSnapshot,
  ShelfModel,
  SiteGrant,
  SiteGrants,
  StarlingNode,
} from '../../node/index.ts';
import type { FrameMessage } from '../messages.ts';
import { createGrantStore, isValid, MONTH_MS, VISIT_MS, type Grant } from './grant.ts';
import { Session } from './session.ts';

const scope = { site: 'shop', origin: 'https://shop.example', textVersion: 'text-1' };
const scene = {
  character: { name: 'Mara', role: 'miller', style: 'warm' },
  facts: ['The silver lamp costs 12 coins.'],
  actions: ['talk'],
  turns: [],
  player: 'How much is the silver lamp?',
};

/** A node that answers what it is told to, and refuses without a grant as the real one does. */
function fakeNode() {
  const calls: string[] = [];
  let ready: Promise<void> = Promise.resolve();
  let embedding: Omit<Embedding, 'storage' | 'realm'> | undefined;
  let phase: NodeSnapshot['phase'] = 'off';
  let isFree = true;
  let chat: (options: ChatOptions) => Promise<void> = async ({ onText }) =>
    onText('talk: Of course. The silver lamp costs 12 coins.');
  const model = { root: 'a'.repeat(64) as ModelRoot, sizeBytes: 1_000, heldBytes: 0 } as ShelfModel;
  const node = {
    snapshot: () => ({ phase, models: [model], problem: undefined }) as unknown as NodeSnapshot,
    claim: async (isWanted: boolean) => {
      calls.push(isWanted ? 'take' : 'claim');
      return isWanted || isFree;
    },
    readOffer: async () => void calls.push('readOffer'),
    contribute: async () => {
      calls.push('contribute');
      await ready;
      phase = 'serving';
    },
    pause: () => void calls.push('pause'),
    resume: () => void calls.push('resume'),
    stop: async () => void calls.push('stop'),
    deleteModel: async () => void calls.push('delete'),
    chat: (options: ChatOptions) => {
      calls.push('chat');
      return chat(options);
    },
  } as unknown as StarlingNode;
  return {
    calls,
    mayWork: () => embedding?.mayWork(),
    frames: () => embedding?.frames(),
    yield: () => embedding?.onElsewhere(),
    holdElsewhere: () => (isFree = false),
    getReady: (next: Promise<void>) => void (ready = next),
    answerWith: (next: typeof chat) => (chat = next),
    open: async (given: Omit<Embedding, 'storage' | 'realm'>) => {
      calls.push('open');
      embedding = given;
      return node;
    },
  };
}

function memoryStorage(): Storage {
  const map = new Map<string, string>();
  return {
    getItem: (key: string) => map.get(key) ?? null,
    setItem: (key: string, value: string) => void map.set(key, value),
    removeItem: (key: string) => void map.delete(key),
    clear: () => map.clear(),
  } as unknown as Storage;
}

let clock: FakeClock;
/** A clock that somebody has set. */
let shiftMs = 0;
let storage: Storage;
let sent: FrameMessage[];
let node: ReturnType<typeof fakeNode>;
let session: Session;
/** The device's list, where the frame may write to it. */
let listed: SiteGrants | undefined;

function newSession(mode: 'offer' | 'npc' = 'offer', doLinesYield = false, mayAskOthers = false): Session {
  return new Session({
    scope,
    options: { mode, maxShare: 0.25, maxDownloadBytes: 5_000, frameBudgetMs: 20, doLinesYield, mayAskOthers },
    grants: createGrantStore(() => storage),
    clock: { ...clock, now: () => clock.now() + shiftMs },
    openNode: node.open,
    listed: () => listed,
    send: (message) => sent.push(message),
    onChange: () => undefined,
  });
}

beforeEach(() => {
  clock = createFakeClock();
  shiftMs = 0;
  storage = memoryStorage();
  sent = [];
  node = fakeNode();
  listed = undefined;
  session = newSession();
});
const states = () => sent.flatMap((each) => (each.t === 'state' ? [each.state] : []));
const lastOf = <T extends FrameMessage['t']>(t: T) => sent.findLast((each) => each.t === t);

test('nothing is opened, kept or computed before the person agrees, whatever the page asks', async () => {
  await session.begin();
  session.receive({ t: 'resume' });
  session.receive({ t: 'say', id: 1, scene, fallback: [] });
  session.receive({ t: 'complete', id: 2, messages: [], maxTokens: 8, temperature: 0 });
  session.receive({ t: 'consent', id: 3 });
  await vi.waitFor(() => expect(sent.filter((each) => each.t === 'failed')).toHaveLength(2));
  expect(lastOf('failed')).toMatchObject({ problem: { code: 'embed/consent-required' } });
  expect(session.state).toBe('asking');
  session.closeSheet();
  expect(lastOf('consent')).toEqual({ t: 'consent', id: 3, isGranted: false });
  expect(node.calls).toEqual([]);
  expect(storage.getItem('starling-grant')).toBeNull();
});

test('agreed, it serves and answers; ended, nothing is left', async () => {
  await session.begin();
  await session.agree({ isShared: true, isRemembered: false });
  expect(states()).toEqual(['off', 'starting', 'on']);
  expect(node.calls).toEqual(['open', 'take', 'readOffer', 'contribute']);
  session.receive({ t: 'say', id: 7, scene, fallback: ['A lamp.'] });
  await vi.waitFor(() => expect(lastOf('done')).toBeDefined());
  expect(lastOf('done')).toMatchObject({ id: 7, value: { source: 'model', cites: [0] } });
  session.receive({ t: 'frames', p90Ms: 31 });
  expect(node.frames()).toEqual({ p90Ms: 31, budgetMs: 20 });
  expect(node.mayWork()).toBe(true);
  await session.revoke();
  expect(node.mayWork()).toBe(false);
  expect(node.calls.slice(-2)).toEqual(['stop', 'delete']);
  expect(states().at(-1)).toBe('off');
});

test('ended while it gets ready, it stops at once, forgets what it fetched, and can be agreed to anew', async () => {
  const downloading = Promise.withResolvers<void>();
  node.getReady(downloading.promise);
  const first = session.agree({ isShared: true, isRemembered: false });
  await vi.waitFor(() => expect(node.calls).toContain('contribute'));
  await session.revoke();
  expect(node.calls.slice(-2)).toEqual(['stop', 'delete']);
  expect([session.state, node.mayWork()]).toEqual(['off', false]);
  node.getReady(Promise.resolve());
  await session.agree({ isShared: true, isRemembered: false });
  downloading.resolve();
  await first;
  expect(session.state).toBe('on');
  expect(node.calls.filter((call) => call === 'open')).toHaveLength(1);
  expect(node.calls.at(-1)).toBe('contribute');
});

test('a page that wants its characters alone computes for nobody else', async () => {
  session = newSession('npc');
  await session.agree({ isShared: true, isRemembered: false });
  expect(node.calls).not.toContain('contribute');
  expect(session.state).toBe('on');
});

test('paused by whoever, it computes nothing, and each must resume for itself', async () => {
  await session.agree({ isShared: true, isRemembered: false });
  let aborted = false;
  node.answerWith(
    ({ signal }) =>
      new Promise((_, reject) => {
        signal.addEventListener('abort', () => {
          aborted = true;
          reject(signal.reason as Error);
        });
      }),
  );
  session.receive({ t: 'say', id: 1, scene, fallback: ['Wait.'] });
  await vi.waitFor(() => expect(node.calls).toContain('chat'));
  session.pause('person', true);
  expect([session.state, aborted, node.mayWork()]).toEqual(['paused', true, false]);
  session.receive({ t: 'pause' });
  session.receive({ t: 'resume' });
  expect(session.state).toBe('paused');
  session.pause('person', false);
  expect(session.state).toBe('on');
  expect(node.calls.filter((call) => call === 'pause' || call === 'resume')).toContain('resume');
});

test('one page of a device computes: another page’s click stops this one, and its own click begins it again', async () => {
  await session.agree({ isShared: true, isRemembered: true });
  node.yield();
  expect([session.state, session.isPausedBy('elsewhere'), node.mayWork()]).toEqual(['paused', true, false]);
  session.receive({ t: 'resume' });
  session.receive({ t: 'say', id: 1, scene, fallback: ['Later.'] });
  await vi.waitFor(() => expect(lastOf('failed')).toMatchObject({ problem: { code: 'embed/consent-required' } }));
  expect(session.state).toBe('paused');
  await session.useHere();
  expect(session.state).toBe('on');
  expect(node.calls.filter((call) => call === 'take')).toHaveLength(2);

  // A later visit under the same grant asks nobody to stop.
  node = fakeNode();
  node.holdElsewhere();
  session = newSession();
  await session.begin();
  expect([session.state, session.isPausedBy('elsewhere'), node.mayWork()]).toEqual(['paused', true, false]);
  expect(node.calls).toEqual(['open', 'claim']);
  await session.revoke();
  expect(session.state).toBe('off');
});

test.each([
  ['its visit is over', false, () => (shiftMs = VISIT_MS)],
  ['its month is over', true, () => (shiftMs = MONTH_MS)],
  ['the clock is set back', true, () => (shiftMs = -3_600_000)],
  ['storage is cleared', true, () => storage.clear()],
])('a grant ends within a look when %s', async (_cause, isRemembered, end) => {
  await session.agree({ isShared: true, isRemembered });
  if (isRemembered) shiftMs = VISIT_MS + 1;
  await clock.advance(400);
  expect(session.state).toBe('on');
  end();
  expect(node.mayWork()).toBe(false);
  await clock.advance(250);
  expect(session.state).toBe('off');
  expect(node.calls).toContain('stop');
});

test('a remembered grant goes on at the next visit, for the same site, page and text alone', async () => {
  await session.agree({ isShared: true, isRemembered: true });
  const kept = createGrantStore(() => storage).read() as Grant;
  node = fakeNode();
  session = newSession();
  await session.begin();
  expect(session.state).toBe('on');
  const now = clock.now();
  expect(isValid(kept, scope, now)).toBe(true);
  for (const other of [{ site: 'other' }, { origin: 'https://evil.example' }, { textVersion: 'text-2' }])
    expect(isValid(kept, { ...scope, ...other }, now)).toBe(false);
  expect(isValid(kept, scope, kept.atMs - 3_600_000)).toBe(false);
  expect(isValid(kept, scope, kept.expiresAtMs)).toBe(false);
  expect(isValid({ ...kept, expiresAtMs: kept.atMs + 10 * MONTH_MS }, scope, now)).toBe(false);
});

test('what is ended on the device’s own list is no grant at the next visit, and its model goes with the last site', async () => {
  const notes = new Map<string, SiteGrant>([['news', { site: 'news' } as SiteGrant]]);
  listed = {
    list: async () => ({ grants: [...notes.values()], ignored: [] }),
    note: async (grant: SiteGrant) => void notes.set(grant.site, grant),
    isNoted: async ({ site }: SiteGrant) => notes.has(site),
    remove: async ({ site }: SiteGrant) => void notes.delete(site),
  } as unknown as SiteGrants;
  await session.agree({ isShared: true, isRemembered: true });
  expect([...notes.keys()]).toEqual(['news', 'shop']);
  await session.revoke();
  expect([...notes.keys()]).toEqual(['news']);
  expect(node.calls).not.toContain('delete');

  await session.agree({ isShared: true, isRemembered: true });
  notes.clear();
  node = fakeNode();
  session = newSession();
  await session.begin();
  expect([session.state, session.grant, storage.getItem('starling-grant')]).toEqual(['off', undefined, null]);
  expect(node.calls).toEqual(['open', 'stop']);
  await session.agree({ isShared: true, isRemembered: true });
  await session.revoke();
  expect(node.calls).toContain('delete');
});

test.each([
  ['yield', true],
  ['go on', false],
])('while the page’s frames are late, lines %s as the page asked for', async (_what, doLinesYield) => {
  session = newSession('npc', doLinesYield);
  await session.agree({ isShared: false, isRemembered: false });
  const say = async (id: number) => {
    session.receive({ t: 'say', id, scene, fallback: ['Later.'] });
    await vi.waitFor(() => expect(lastOf('done')).toMatchObject({ id }));
    return (lastOf('done') as { readonly value: unknown }).value;
  };
  session.receive({ t: 'frames', p90Ms: 21 });
  const during = await say(1);
  const scripted = { source: 'script', say: 'Later.', refused: [{ kind: 'busy' }] };
  expect(during).toMatchObject(doLinesYield ? scripted : { source: 'model', refused: [] });
  session.receive({ t: 'frames', p90Ms: 16 });
  await clock.advance(2_100);
  expect(await say(2)).toMatchObject({ source: 'model' });
});

test('storage that is forbidden or holds rubbish is no grant and no fault', async () => {
  const forbidden = createGrantStore(() => {
    throw new DOMException('denied', 'SecurityError');
  });
  expect(forbidden.read()).toBeUndefined();
  forbidden.clear();
  for (const rubbish of ['', '{', '[]', '{"site":1}', 'null']) {
    storage.setItem('starling-grant', rubbish);
    expect(createGrantStore(() => storage).read()).toBeUndefined();
  }
});

test('an unsound scene is named, a model that fails gives the script', async () => {
  await session.agree({ isShared: false, isRemembered: false });
  session.receive({ t: 'say', id: 1, scene: { ...scene, facts: 'all' }, fallback: [] });
  await vi.waitFor(() => expect(lastOf('failed')).toBeDefined());
  expect(lastOf('failed')).toMatchObject({ name: 'NpcError', problem: { code: 'npc/scene-invalid' } });
  node.answerWith(() => Promise.reject(new RangeError('no GPU')));
  session.receive({ t: 'say', id: 2, scene, fallback: ['The lamp? 12 coins.'] });
  await vi.waitFor(() => expect(lastOf('done')).toBeDefined());
  expect(lastOf('done')).toMatchObject({ value: { source: 'script', say: 'The lamp? 12 coins.' } });
});

test.each([
  ['nobody asked the person', false, true],
  ['the person did not agree', true, false],
])('questions go to nobody else where %s', async (_what, mayAskOthers, asksOthers) => {
  session = newSession('npc', false, mayAskOthers);
  await session.agree({ isShared: false, asksOthers, isRemembered: false });
  session.receive({ t: 'complete', id: 1, messages: [], maxTokens: 8, temperature: 0, where: 'swarm' });
  await vi.waitFor(() => expect(lastOf('failed')).toMatchObject({ problem: { code: 'embed/others-refused' } }));
  expect(node.calls).not.toContain('chat');
});
