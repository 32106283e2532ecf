import { expect, test } from 'vitest';
import type { WorkRecord } from '../protocol/index.ts';
import type { RecordOutcome } from './index.ts';
import { createSwarm, untilOver } from './simulated-requester.compliance.ts';
import { ADAPTER, answerOf, batchLine, batchOf, linesOf } from './simulation.compliance.ts';

/** Says of every record with the adapter that it cannot have it. */
const lacksAdapter = (record: WorkRecord): RecordOutcome =>
  record.adapter === undefined
    ? answerOf(record)
    : { t: 'fault', record: record.record, code: 'adapter-unavailable', reason: 'not here' };

test('records with an adapter go where it is, are answered as it answers, and who lacks it computes the rest', async () => {
  const file = new Blob(
    [await batchOf(30).text(), await batchOf(30, { adapter: 'accent' }).text()].map((text, i) =>
      i === 0 ? text : text.replaceAll('"custom_id":"r', '"custom_id":"s'),
    ),
  );
  const seen: WorkRecord[] = [];
  const has = (record: WorkRecord) => {
    seen.push(record);
    return answerOf(record);
  };
  const { clock, requester, start, directory, peers } = createSwarm([{ outcome: has }, { outcome: lacksAdapter }]);
  await start();
  const [first, second] = peers.map(({ peer }) => ({ peer: peer.id, freeSlots: 4, tokensPerSecond: 40 }));
  if (!first || !second) throw new Error('two peers');
  directory.set([{ ...first, adapters: [{ root: ADAPTER, isWarm: true }] }, second]);
  const id = await requester.submit({ file, fileName: 'a.jsonl' });
  const view = await untilOver(clock, requester, id);
  expect(view).toMatchObject({ state: 'done', recordsDone: 60, recordsFailed: 0 });
  expect(seen.filter(({ adapter }) => adapter === ADAPTER)).toHaveLength(30);
  expect(view.byPeer.find(({ peer }) => peer === second.peer)?.records).toBeGreaterThan(0);
  const lines = await linesOf((await requester.outputFiles(id)).output);
  expect(lines.map(({ response }) => response?.body.adapter)).toEqual([
    ...Array.from({ length: 30 }, () => undefined),
    ...Array.from({ length: 30 }, () => ADAPTER),
  ]);
});

test('an adapter that nobody can have fails its lines by name, at once, and no others', async () => {
  const { clock, requester, start } = createSwarm([{ outcome: lacksAdapter }, { outcome: lacksAdapter }]);
  await start();
  const text = [batchLine('plain'), ...Array.from({ length: 40 }, (_, i) => batchLine(`a${i}`, { adapter: 'accent' }))];
  const id = await requester.submit({ file: new Blob([text.join('\n')]), fileName: 'a.jsonl' });
  const begunMs = clock.now();
  const view = await untilOver(clock, requester, id);
  expect(view).toMatchObject({ state: 'done', recordsDone: 1, recordsFailed: 40 });
  // Nobody is waited for as after a failure of their own.
  expect(clock.now() - begunMs).toBeLessThan(30_000);
  const errors = await linesOf((await requester.outputFiles(id)).errors);
  expect(new Set(errors.map(({ error }) => error?.code))).toEqual(new Set(['adapter-unavailable']));
});
