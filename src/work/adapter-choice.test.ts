import { expect, test } from 'vitest';
import type { AdapterRoot, PeerId } from '../base/branded.ts';
import { adapterFilter, isLacking, markLacking } from './adapter-choice.ts';
import { createRunningJob, judgeFailure, type RunningJob } from './job.ts';
import type { JobHead } from './job-schema.ts';
import type { Candidate } from './ports.ts';

const X = 'a'.repeat(64) as AdapterRoot;
const Y = 'b'.repeat(64) as AdapterRoot;

/** Record 0 has none, 1 has X, 2 has Y. */
function createJob(): RunningJob {
  const head = { id: 'job', root: 'c'.repeat(64), only: null, key: 1, byPeer: [] } as unknown as JobHead & {
    root: string;
  };
  const costs = Uint32Array.of(1, 1, 1);
  return createRunningJob(
    head,
    { costs, adapters: { roots: [X, Y], of: Uint8Array.of(0, 1, 2) } },
    new Uint8Array(3),
    0,
  );
}

const peer = (name: string, adapters?: Candidate['adapters']): Candidate => ({
  peer: name as PeerId,
  freeSlots: 1,
  tokensPerSecond: 1,
  adapters,
});
const warm = peer('warm', [{ root: X, isWarm: true }]);
const held = peer('held', [{ root: X, isWarm: false }]);
const bare = peer('bare');
const all = [warm, held, bare];

function chosen(job: RunningJob, candidate: Candidate, present: readonly Candidate[], withRoom = present): number[] {
  return [0, 1, 2].filter(adapterFilter(job, candidate, present, withRoom));
}

test('a record goes to whoever has its adapter nearest to the GPU, and the others compute the rest', () => {
  const job = createJob();
  expect(chosen(job, warm, all)).toEqual([0, 1, 2]);
  expect(chosen(job, held, all)).toEqual([0, 2]);
  expect(chosen(job, bare, all)).toEqual([0, 2]);
});

test('when those who have it are busy, the next nearest takes it', () => {
  const job = createJob();
  expect(chosen(job, held, all, [held, bare])).toEqual([0, 1, 2]);
  expect(chosen(job, bare, all, [held, bare])).toEqual([0, 2]);
  expect(chosen(job, bare, all, [bare])).toEqual([0, 1, 2]);
});

test('a record that failed where its adapter is near goes further', () => {
  const job = createJob();
  judgeFailure(job, 1, warm.peer, 'fault', false);
  expect(chosen(job, held, all)).toEqual([0, 1, 2]);
  expect(chosen(job, bare, all)).toEqual([0, 2]);
});

test('who says that it cannot have an adapter is not asked again while others might, or until it tells that it has it', () => {
  const job = createJob();
  expect(markLacking(job, bare.peer, 2, all)).toBe(true);
  expect(chosen(job, bare, all)).toEqual([0]);
  expect(chosen(job, bare, [bare])).toEqual([0, 1, 2]);
  const since = peer('bare', [{ root: Y, isWarm: false }]);
  expect(isLacking(job, since, 2)).toBe(false);
  expect(chosen(job, since, [warm, since])).toEqual([0, 2]);
});

test('who tells that it has an adapter cannot be excused for lacking it', () => {
  expect(markLacking(createJob(), warm.peer, 1, all)).toBe(false);
});
