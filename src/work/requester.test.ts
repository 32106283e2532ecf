import { expect, test } from 'vitest';

import type { JobId } from '../base/branded.ts';
import { createProvider, createRequester, withLoopback, type Requester } from './index.ts';
import type { WorkRecord } from '../protocol/index.ts';
import type { RecordOutcome } from './index.ts';
import { createSwarm, untilOver } from './simulated-requester.compliance.ts';
import {
  answerOf,
  batchOf,
  createFakeExecutor,
  createFakeStore,
  createPeer,
  linesOf,
  MODEL,
  linkOf,
} from './simulation.compliance.ts';

test('two providers answer 200 records in input order, and neither sees more than its share', async () => {
  const { clock, requester, peers, start } = createSwarm([{}, {}]);
  await start();
  const id = await requester.submit({ file: batchOf(200), fileName: 'a.jsonl' });
  const view = await untilOver(clock, requester, id);
  expect(view).toMatchObject({ state: 'done', recordsTotal: 200, recordsDone: 200, recordsFailed: 0, reissues: 0 });
  const { output, errors } = await requester.outputFiles(id);
  expect((await linesOf(output)).map((line) => line.custom_id)).toEqual(Array.from({ length: 200 }, (_, i) => `r${i}`));
  expect(errors.size).toBe(0);
  expect(view.byPeer.map(({ records }) => records).reduce((a, b) => a + b, 0)).toBe(200);
  for (const { records } of view.byPeer) expect(records).toBeLessThanOrEqual(120);
  expect(view.byPeer).toHaveLength(2);
  expect(peers.map(({ provider }) => provider.stats().refusedMessages)).toEqual([0, 0]);
  expect(requester.metrics()['refusedMessages']).toBe(0);
});

test('the same file gives the same bytes alone on this device and over a swarm, sampled with seeds', async () => {
  const file = batchOf(40, { temperature: 0.8, seed: 99 });
  const swarm = createSwarm([{}, { slots: 1 }]);
  await swarm.start();
  const remote = await swarm.requester.submit({ file, fileName: 'a.jsonl' });
  await untilOver(swarm.clock, swarm.requester, remote);

  const { clock, self, channel, directory, requester } = createSwarm([]);
  const executor = createFakeExecutor(clock, { slots: 3 });
  const provider = createProvider({ ...linkOf(clock, channel, self), executor });
  await provider.start();
  directory.set([{ peer: self.id, freeSlots: 3, tokensPerSecond: 0 }]);
  const local = await requester.submit({ file, fileName: 'b.jsonl', only: self.id });
  const view = await untilOver(clock, requester, local);
  expect(view).toMatchObject({ state: 'done', byPeer: [{ peer: self.id, isSelf: true, records: 40 }] });
  const text = async (from: Requester, id: JobId) => (await from.outputFiles(id)).output.text();
  expect(await text(requester, local)).toBe(await text(swarm.requester, remote));
  expect(provider.stats()).toMatchObject({ requesters: 1, records: 40, refusedMessages: 0 });
});

test('a job for one peer waits for it and asks nobody else', async () => {
  const { clock, requester, start, self, peers } = createSwarm([{}]);
  await start();
  const id = await requester.submit({ file: batchOf(3), fileName: 'a.jsonl', only: self.id });
  await clock.advance(60_000);
  expect(requester.view(id)).toMatchObject({ state: 'waiting', recordsDone: 0 });
  expect(peers[0]?.executor.computed()).toBe(0);
});

test('a job waits while nobody serves, and goes on by itself', async () => {
  const { clock, requester, directory, peers, start } = createSwarm([{}]);
  await start();
  directory.set([]);
  const id = await requester.submit({ file: batchOf(10), fileName: 'a.jsonl' });
  await clock.advance(5000);
  expect(requester.view(id).state).toBe('waiting');
  directory.set([{ peer: (peers[0]?.peer ?? createPeer(1)).id, freeSlots: 4, tokensPerSecond: 1 }]);
  expect(requester.view(id).state).toBe('running');
  expect((await untilOver(clock, requester, id)).state).toBe('done');
});

test('several jobs share the peers and all end', async () => {
  const { clock, requester, start } = createSwarm([{}, {}]);
  await start();
  const ids = await Promise.all(
    [1, 2, 3].map((n) => requester.submit({ file: batchOf(20 * n), fileName: `${n}.jsonl` })),
  );
  await clock.advance(3000);
  for (const { recordsDone } of requester.views()) expect(recordsDone).toBeGreaterThan(0);
  for (const id of ids) await untilOver(clock, requester, id);
  expect(requester.views().map(({ state, recordsDone }) => [state, recordsDone])).toEqual([
    ['done', 20],
    ['done', 40],
    ['done', 60],
  ]);
});

test('a peer ten times slower delays nothing: the faster one takes more, up to the cap', async () => {
  const { clock, requester, start, peers } = createSwarm([{ msPerRecord: 200 }, { msPerRecord: 2000 }]);
  await start();
  const id = await requester.submit({ file: batchOf(100), fileName: 'a.jsonl' });
  const view = await untilOver(clock, requester, id);
  const [fast, slow] = peers.map(({ peer }) => view.byPeer.find((entry) => entry.peer === peer.id)?.records ?? 0);
  expect(fast).toBe(60);
  expect(slow).toBe(40);
});

test('the cap gives way when the other peer is listed but never answers', async () => {
  const { clock, requester, start, directory, peers } = createSwarm([{}]);
  await start();
  const listed = [peers[0]?.peer ?? createPeer(1), createPeer(50)];
  directory.set(listed.map((peer) => ({ peer: peer.id, freeSlots: 4, tokensPerSecond: 40 })));
  const id = await requester.submit({ file: batchOf(50), fileName: 'a.jsonl' });
  const view = await untilOver(clock, requester, id);
  expect(view).toMatchObject({ state: 'done', recordsDone: 50 });
  expect(requester.metrics()['withdrawn']).toBeGreaterThan(0);
});

test('a provider that vanishes mid-fragment: its answers stay, the rest is given out again and counted', async () => {
  const { clock, requester, start, network, peers, directory } = createSwarm([{ slots: 1 }, { slots: 1 }]);
  await start();
  const id = await requester.submit({ file: batchOf(40), fileName: 'a.jsonl' });
  await clock.advance(1600);
  const gone = peers[0]?.peer ?? createPeer(1);
  network.cut(gone.id);
  directory.set([{ peer: peers[1]?.peer.id ?? gone.id, freeSlots: 1, tokensPerSecond: 40 }]);
  const view = await untilOver(clock, requester, id);
  expect(view).toMatchObject({ state: 'done', recordsDone: 40, recordsFailed: 0 });
  expect(view.byPeer.find((entry) => entry.peer === gone.id)?.records).toBeGreaterThan(0);
  expect(view.reissues).toBeGreaterThan(0);
  expect(requester.metrics()).toMatchObject({ reissues: view.reissues, expired: expect.any(Number) as number });
});

test('a provider that goes silent loses its leases after 15 s, and its late answers are discarded and counted', async () => {
  const { clock, requester, start, peers } = createSwarm([{ slots: 1, msPerRecord: 4000 }, { slots: 1 }]);
  await start();
  const id = await requester.submit({ file: batchOf(40), fileName: 'a.jsonl' });
  await clock.advance(5100);
  // As a frozen tab: nothing is heard of it, and then everything at once.
  peers[0]?.tab.freeze();
  await clock.advance(14_000);
  expect(requester.metrics()['expired']).toBe(0);
  await clock.advance(6000);
  expect(requester.metrics()['expired']).toBeGreaterThan(0);
  peers[0]?.tab.thaw();
  const view = await untilOver(clock, requester, id);
  expect(view).toMatchObject({ state: 'done', recordsDone: 40, recordsFailed: 0 });
  expect(view.duplicates).toBeGreaterThan(0);
  expect(view.reissues).toBeGreaterThan(0);
  expect(requester.metrics()['refusedMessages']).toBe(0);
});

test('a polite release costs nobody anything and the rest goes elsewhere', async () => {
  const { clock, requester, start, peers } = createSwarm([{ slots: 1 }, { slots: 1 }]);
  await start();
  const id = await requester.submit({ file: batchOf(30), fileName: 'a.jsonl' });
  await clock.advance(1600);
  peers[0]?.provider.pause();
  const view = await untilOver(clock, requester, id);
  expect(view).toMatchObject({ state: 'done', recordsDone: 30, recordsFailed: 0 });
  expect(requester.metrics()).toMatchObject({ released: expect.any(Number) as number, expired: 0, poisoned: 0 });
  expect(view.reissues).toBeGreaterThan(0);
});

test('a record that takes three different tabs with it is poison; what travelled with it is answered', async () => {
  const { clock, requester, start, network, peers, directory } = createSwarm(
    [{}, {}, {}, {}, {}].map(() => ({ slots: 1 })),
  );
  // A tab that begins with this record is gone, and its lease with it.
  for (const { peer, executor } of peers) {
    const { run } = executor;
    executor.run = async (model, requester, records, report, progress, signal) => {
      if (!records.some(({ record }) => record === 7)) return run(model, requester, records, report, progress, signal);
      network.cut(peer.id);
      directory.set(directory.candidates(MODEL).filter((candidate) => candidate.peer !== peer.id));
      return new Promise(() => undefined);
    };
  }
  await start();
  const id = await requester.submit({ file: batchOf(40), fileName: 'a.jsonl' });
  const view = await untilOver(clock, requester, id, 3_600_000);
  expect(view).toMatchObject({ state: 'done', recordsDone: 39, recordsFailed: 1 });
  expect(await linesOf((await requester.outputFiles(id)).errors)).toMatchObject([
    { custom_id: 'r7', error: { code: 'poisoned' } },
  ]);
});

test('a record that three different peers fault is poison, and nobody is punished', async () => {
  const outcome = (record: WorkRecord): RecordOutcome =>
    record.record === 7 ? { t: 'fault', record: 7, code: 'nan', reason: 'logits are not numbers' } : answerOf(record);
  const { clock, requester, start } = createSwarm([{ outcome }, { outcome }, { outcome }, { outcome }]);
  await start();
  const id = await requester.submit({ file: batchOf(40), fileName: 'a.jsonl' });
  const view = await untilOver(clock, requester, id);
  expect(view).toMatchObject({ state: 'done', recordsDone: 39, recordsFailed: 1 });
  const [line] = await linesOf((await requester.outputFiles(id)).errors);
  expect(line).toMatchObject({ custom_id: 'r7', error: { code: 'poisoned', line: 8 } });
  expect(requester.metrics()['poisoned']).toBe(1);
});

test('a fault of the record itself ends it once a second peer agrees, or at once where nobody else serves', async () => {
  const outcome = (record: WorkRecord): RecordOutcome =>
    record.record < 2 ? { t: 'fault', record: record.record, code: 'request-invalid', reason: 'no' } : answerOf(record);
  for (const count of [1, 2]) {
    const { clock, requester, start } = createSwarm(Array.from({ length: count }, () => ({ outcome })));
    await start();
    const id = await requester.submit({ file: batchOf(6), fileName: 'a.jsonl' });
    expect(await untilOver(clock, requester, id)).toMatchObject({ state: 'done', recordsDone: 4, recordsFailed: 2 });
    const lines = await linesOf((await requester.outputFiles(id)).errors);
    expect(lines.map((line) => line.error?.code)).toEqual(['record-fault', 'record-fault']);
    expect(requester.view(id).reissues).toBe(2 * (count - 1));
  }
});

test('ids that the tokenizer does not know are worth nothing: somebody else is asked', async () => {
  const outcome = (record: WorkRecord): RecordOutcome => {
    const answer = answerOf(record);
    return answer.t === 'result' ? { ...answer, tokens: Uint32Array.of(999_999) } : answer;
  };
  const { clock, requester, start, peers } = createSwarm([{ outcome }, {}]);
  await start();
  const id = await requester.submit({ file: batchOf(10), fileName: 'a.jsonl' });
  const view = await untilOver(clock, requester, id);
  expect(view).toMatchObject({ state: 'done', recordsDone: 10 });
  expect(view.byPeer.map(({ peer }) => peer)).toEqual([peers[1]?.peer.id]);
});

test('cancel stops the peers at once, keeps what was answered, and names the rest in the error file', async () => {
  const { clock, requester, start, peers } = createSwarm([{ slots: 1 }]);
  await start();
  const id = await requester.submit({ file: batchOf(30), fileName: 'a.jsonl' });
  await clock.advance(2100);
  await requester.cancel(id);
  await clock.advance(10);
  expect(peers[0]?.executor.running()).toBe(0);
  const { recordsDone, state } = requester.view(id);
  expect([state, recordsDone]).toEqual(['cancelled', 4]);
  const { output, errors } = await requester.outputFiles(id);
  expect(await linesOf(output)).toHaveLength(4);
  const cancelled = await linesOf(errors);
  expect(cancelled).toHaveLength(26);
  expect(new Set(cancelled.map((line) => line.error?.code))).toEqual(new Set(['cancelled']));
  await requester.cancel(id);
  await requester.resume(id);
  expect(requester.view(id).state).toBe('cancelled');
});

test('a bad file rejects by name and leaves nothing behind; a job of bad lines alone is done at once', async () => {
  const store = createFakeStore();
  const { requester } = createSwarm([], store);
  await expect(requester.submit({ file: new Blob([]), fileName: 'e' })).rejects.toMatchObject({ code: 'empty-batch' });
  expect(requester.views()).toEqual([]);
  expect(await store.keys()).toEqual([]);
  const id = await requester.submit({ file: new Blob(['x\n{}\n']), fileName: 'bad' });
  expect(requester.view(id)).toMatchObject({ state: 'done', recordsTotal: 2, recordsFailed: 2 });
  const { output, errors } = await requester.outputFiles(id);
  expect(output.size).toBe(0);
  expect((await linesOf(errors)).map((line) => line.error?.code)).toEqual(['not-json', 'custom-id-missing']);
  await requester.remove(id);
  expect(await store.keys()).toEqual([]);
  expect(() => requester.view(id)).toThrow(/no job/);
});

test('a job can be cancelled while its file is read, and then nothing is kept', async () => {
  const store = createFakeStore();
  const { requester } = createSwarm([], store);
  const submitted = requester.submit({ file: batchOf(5000), fileName: 'a.jsonl' });
  const [view] = requester.views();
  expect(view?.state).toBe('preparing');
  if (view) {
    await expect(requester.outputFiles(view.id)).rejects.toMatchObject({ code: 'job-state' });
    await requester.cancel(view.id);
  }
  await expect(submitted).rejects.toMatchObject({ name: 'AbortError' });
  expect(requester.views()).toEqual([]);
  expect(await store.keys()).toEqual([]);
});

test('a full disk fails the job by name, and resume goes on where it stood', async () => {
  const store = createFakeStore();
  const { clock, requester, start } = createSwarm([{}], store);
  await start();
  const id = await requester.submit({ file: batchOf(60), fileName: 'a.jsonl' });
  await clock.advance(3000);
  store.refuseWrites = true;
  await untilOver(clock, requester, id);
  expect(requester.view(id)).toMatchObject({
    state: 'failed',
    problem: { message: expect.stringContaining('disk full') as string },
  });
  store.refuseWrites = false;
  await requester.resume(id);
  expect(await untilOver(clock, requester, id)).toMatchObject({ state: 'done', recordsDone: 60, problem: undefined });
  expect(await linesOf((await requester.outputFiles(id)).output)).toHaveLength(60);
});

test('a result costs one small chunk to keep, however long the job is', async () => {
  const store = createFakeStore();
  const { clock, requester, start } = createSwarm([{}], store);
  await start();
  const id = await requester.submit({ file: batchOf(320), fileName: 'a.jsonl' });
  const prepared = store.writes.length;
  await clock.advance(20_000);
  const written = store.writes.slice(prepared);
  const { recordsDone } = requester.view(id);
  expect(recordsDone).toBeGreaterThan(100);
  const chunks = written.filter(({ key }) => key.includes('/out/'));
  expect(chunks.length).toBeLessThanOrEqual(recordsDone);
  // 32 lines of about 400 characters.
  expect(Math.max(...written.map(({ bytes }) => bytes))).toBeLessThan(32 * 600);
});

test('a reload mid-job: the job is listed as interrupted, goes on by resume, and counts what it gave out again', async () => {
  const first = createSwarm([{ slots: 1 }, { slots: 1 }]);
  const { clock, network, self, directory } = first;
  await first.start();
  const id = await first.requester.submit({ file: batchOf(60), fileName: 'a.jsonl' });
  await clock.advance(5200);
  const doneBefore = first.requester.view(id).recordsDone;
  const store = first.components.store.crash();
  // The old page is gone: the same peer, the same store, a new requester.
  first.page.die();
  const channel = withLoopback(network.channel(self.id));
  const requester = createRequester({ ...first.components, channel, store, directory });
  expect(await requester.list()).toMatchObject([{ id, state: 'interrupted', recordsTotal: 60 }]);
  await requester.resume(id);
  expect(requester.view(id).recordsDone).toBeGreaterThan(doneBefore - 10);
  expect(requester.view(id).reissues).toBeGreaterThan(0);
  const view = await untilOver(clock, requester, id);
  expect(view).toMatchObject({ state: 'done', recordsDone: 60, recordsFailed: 0 });
  // Results under the leases of the old page are late, not false.
  expect(view.duplicates).toBeGreaterThan(0);
  expect(requester.metrics()).toMatchObject({ duplicates: view.duplicates, refusedMessages: 0 });
  expect((await linesOf((await requester.outputFiles(id)).output)).map((line) => line.custom_id)).toEqual(
    Array.from({ length: 60 }, (_, i) => `r${i}`),
  );
});

test('stop keeps everything, calls the peers off, and a new requester finishes the job', async () => {
  const { clock, requester, start, components, peers } = createSwarm([{ slots: 1 }]);
  await start();
  const id = await requester.submit({ file: batchOf(20), fileName: 'a.jsonl' });
  await clock.advance(2100);
  await requester.stop();
  await clock.advance(10);
  expect(peers[0]?.executor.running()).toBe(0);
  await expect(requester.submit({ file: batchOf(1), fileName: 'b' })).rejects.toMatchObject({ code: 'stopped' });
  const next = createRequester(components);
  await next.list();
  expect(next.view(id)).toMatchObject({ state: 'interrupted', recordsDone: 4 });
  await next.resume(id);
  expect(await untilOver(clock, next, id)).toMatchObject({ state: 'done', recordsDone: 20 });
});

test('left-overs of an interrupted submission are removed by list, and a damaged job is passed over', async () => {
  const content = new Map<string, unknown>([
    ['job/aa/in/0', []],
    ['job/bb/head', { v: 1 }],
    ['other', 1],
  ]);
  const store = createFakeStore(content);
  const { requester } = createSwarm([], store);
  expect(await requester.list()).toEqual([]);
  expect([...content.keys()]).toEqual(['job/bb/head', 'other']);
});

test('a batch of 100,000 lines is kept in chunks, listed, cancelled and told line by line, in bounded memory', async () => {
  const store = createFakeStore();
  const { requester } = createSwarm([], store);
  const before = process.memoryUsage().heapUsed;
  const id = await requester.submit({ file: batchOf(100_000), fileName: 'large.jsonl' });
  expect(requester.view(id)).toMatchObject({ state: 'waiting', recordsTotal: 100_000 });
  expect(await store.keys()).toHaveLength(3125 + 2);
  await requester.cancel(id);
  const { output, errors } = await requester.outputFiles(id);
  expect(output.size).toBe(0);
  let lines = 0;
  for (const byte of new Uint8Array(await errors.arrayBuffer())) if (byte === 10) lines += 1;
  expect(lines).toBe(100_000);
  // The store of this test is in the same heap: 100,000 kept lines of about 400 bytes; the rest is rubbish of the moment.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(400 * 1024 * 1024);
}, 120_000);
