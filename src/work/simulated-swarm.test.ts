import { expect, test } from 'vitest';
import type { JobId } from '../base/branded.ts';
import { createFakeClock, type FakeClock } from '../base/fake-clock.ts';
import { createRandom, type Random } from '../base/random.ts';
import { MISCHIEF, startHostileProvider } from './hostile-provider.compliance.ts';
import { createProvider, createRequester, withLoopback, type Requester } from './index.ts';
import { createJobStore } from './job-store.ts';
import { readRecord } from './job-answers.ts';
import {
  answerOf,
  batchOf,
  createFakeDirectory,
  createFakeExecutor,
  createFakeStore,
  createMemoryNetwork,
  createPeer,
  letters,
  linesOf,
  linkOf,
  mortal,
  resolveModel,
  type FakeStore,
  type Weather,
} from './simulation.compliance.ts';

const RECORDS = 24;

interface World {
  readonly clock: FakeClock;
  readonly random: Random;
  readonly weather: Weather;
  /** Peers that may break leases: hostile ones and those that vanish. */
  readonly unsound: number;
  store: FakeStore;
  requester: Requester;
  /** Closes the requester's page without warning and opens it again. */
  reload(id: JobId): Promise<void>;
  /** One thing that happens by itself: somebody vanishes, pauses or comes back. */
  fate(): void;
  /** Whoever is still there serves again. */
  calm(): void;
}

async function createWorld(seed: number, isLossy: boolean): Promise<World> {
  const random = createRandom(seed);
  const clock = createFakeClock();
  const weather = isLossy
    ? { loss: 0.04, twice: 0.1, delayMs: 400 }
    : { loss: 0, twice: 0.1, delayMs: 1 + random.below(300) };
  const network = createMemoryNetwork(clock, random, weather);
  const directory = createFakeDirectory();
  let candidates: { peer: ReturnType<typeof createPeer>['id']; freeSlots: number; tokensPerSecond: number }[] = [];
  const list = (peer: ReturnType<typeof createPeer>) => {
    candidates = [...candidates, { peer: peer.id, freeSlots: 1 + random.below(8), tokensPerSecond: random.below(60) }];
  };
  const honest = Array.from({ length: 2 + random.below(2) }, (_, i) => {
    const peer = createPeer(100 + i);
    const executor = createFakeExecutor(clock, { slots: 1 + random.below(4), msPerRecord: 100 + random.below(2500) });
    const provider = createProvider({ ...linkOf(clock, network.channel(peer.id), peer), executor });
    list(peer);
    return { peer, provider };
  });
  await Promise.all(honest.map(({ provider }) => provider.start()));
  const hostile = random.below(isLossy ? 4 : 2);
  for (let i = 0; i < hostile; i++) {
    const peer = createPeer(200 + i);
    const kind = MISCHIEF[random.below(MISCHIEF.length)] ?? 'mute';
    startHostileProvider(kind, peer, network.channel(peer.id), clock, random);
    list(peer);
  }
  directory.set(candidates);
  const self = createPeer(0);
  let page = mortal(network.channel(self.id));
  const open = (store: FakeStore) =>
    createRequester({
      ...linkOf(clock, withLoopback(page.channel), self),
      directory,
      store,
      tokensFor: async () => letters,
      resolveModel,
      randomU32: () => random.u32(),
    });
  const store = createFakeStore();
  let hasVanished = false;
  const world: World = {
    clock,
    random,
    weather,
    unsound: hostile + 1,
    store,
    requester: open(store),
    async reload(id) {
      page.die();
      world.store = world.store.crash() as FakeStore;
      page = mortal(network.channel(self.id));
      world.requester = open(world.store);
      expect((await world.requester.list()).map((view) => view.id)).toEqual([id]);
      await world.requester.resume(id);
    },
    calm() {
      for (const { provider } of honest) provider.resume();
    },
    fate() {
      const { peer, provider } = honest[random.below(honest.length)] ?? {};
      const kind = random.below(6);
      if (kind === 0) provider?.pause();
      if (kind === 1) for (const each of honest) each.provider.resume();
      // The first honest one stays, or nobody could ever finish.
      if (kind === 2 && !hasVanished && peer && peer !== honest[0]?.peer) {
        hasVanished = true;
        network.cut(peer.id);
        candidates = candidates.filter((candidate) => candidate.peer !== peer.id);
        if (random.below(2)) directory.set(candidates);
        else clock.after(20_000, () => directory.set(candidates));
      }
    },
  };
  return world;
}

async function live(world: World, id: JobId, isReloading: boolean): Promise<void> {
  const { clock, random } = world;
  for (let step = 0; step < 3000; step++) {
    const { state } = world.requester.view(id);
    if (state !== 'running' && state !== 'waiting') return;
    if (step < 60 && random.below(6) === 0) world.fate();
    if (step === 60) world.calm();
    if (isReloading && step < 40 && random.below(8) === 0) await world.reload(id);
    await clock.advance(random.below(2000));
  }
}

async function checkEveryRecordOnce(world: World, id: JobId): Promise<void> {
  const view = world.requester.view(id);
  expect(view.state).toBe('done');
  const { output, errors } = await world.requester.outputFiles(id);
  const answered = await linesOf(output);
  const failed = await linesOf(errors);
  const numbers = (lines: readonly { custom_id: string | null }[]) =>
    lines.map((line) => Number(line.custom_id?.slice(1)));
  for (const lines of [answered, failed]) expect(numbers(lines)).toEqual(numbers(lines).toSorted((a, b) => a - b));
  expect(numbers([...answered, ...failed]).toSorted((a, b) => a - b)).toEqual([...Array(RECORDS).keys()]);
  expect([view.recordsDone, view.recordsFailed]).toEqual([answered.length, failed.length]);
  expect(view.byPeer.reduce((sum, { records }) => sum + records, 0)).toBe(answered.length);
  // Fewer than three peers can go wrong and no message is lost: nothing may fail.
  if (world.weather.loss === 0 && world.unsound < 3) expect(failed).toEqual([]);
  for (const line of failed) expect(['poisoned', 'gave-up', 'record-fault']).toContain(line.error?.code);
  const jobs = createJobStore(world.store);
  for (const line of answered) {
    const record = Number(line.custom_id?.slice(1));
    const kept = await readRecord(jobs, id, record);
    const honest = answerOf({ ...kept, record, prompt: kept.prompt, stop: [...kept.stop] });
    if (honest.t !== 'result') throw new Error('the model always answers');
    expect(line.response?.body.choices[0]?.text).toBe(await letters.decode(honest.tokens));
  }
}

/** More seeds than the everyday run: SEEDS=200 npx vitest run --project node src/work/simulated-swarm.test.ts */
const SEEDS = Number(process.env['SEEDS'] ?? 16);
const FIRST = Number(process.env['FIRST_SEED'] ?? 1);
const NAMES = { calm: 'in order and late', lossy: 'lost, doubled and late' };

for (const [weather, name] of Object.entries(NAMES)) {
  for (const isReloading of [false, true]) {
    const reloading = isReloading ? ', the requester reloaded at random moments' : '';
    test(
      `messages ${name}${reloading}: every record once, in input order, honest answers only`,
      async () => {
        for (let seed = FIRST; seed < FIRST + SEEDS; seed++) {
          const world = await createWorld(seed * 7919 + (isReloading ? 1 : 0), weather === 'lossy');
          const body = seed % 2 === 0 ? {} : { temperature: 0.9, seed: undefined };
          const id = await world.requester.submit({ file: batchOf(RECORDS, body), fileName: `${seed}.jsonl` });
          await live(world, id, isReloading);
          await checkEveryRecordOnce(world, id).catch((error: unknown) => {
            throw new Error(`seed ${seed}: ${JSON.stringify(world.requester.metrics())}`, { cause: error });
          });
        }
      },
      20_000 * SEEDS,
    );
  }
}
