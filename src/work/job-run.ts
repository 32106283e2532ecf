import type { JobId, PeerId } from '../base/branded.ts';
import type { Clock } from '../base/clock.ts';
import { readRecord, writeAnswer } from './job-answers.ts';
import { createRunningJob, SETTLED, type RunningJob, type Verdict } from './job.ts';
import type { JobHead, JobPlan } from './job-schema.ts';
import type { JobStore } from './job-store.ts';
import type { AdmittedResult } from './lease-inbox.ts';
import { formatFault } from './output-line.ts';
import type { Tokens } from './ports.ts';
import { createResultWriter } from './result-writer.ts';

/** A job while it runs: its records, its counts, and the writing down of what they came to. */
export interface JobRun {
  readonly job: RunningJob;
  /** As it should be kept now. */
  head(state?: JobHead['state']): JobHead;
  isComplete(): boolean;
  /** @throws what the tokenizer throws at ids that it does not know; nothing is counted then */
  settle(result: AdmittedResult): Promise<void>;
  fail(record: number, verdict: Exclude<Verdict, 'again'>, reason: string): Promise<void>;
  /** The head changed. */
  touch(): void;
  /** Keeps everything, then the head with `state`. */
  close(state: JobHead['state']): Promise<void>;
  flush(): Promise<void>;
  /** Writes nothing more. */
  abandon(): void;
}

export interface JobRunComponents {
  readonly clock: Clock;
  readonly jobs: JobStore;
  readonly tokens: Tokens | undefined;
  readonly leasedRecords: (job: RunningJob) => number;
  /** This device refuses to keep results. */
  readonly onBroken: (error: unknown) => void;
}

/** @param places per record QUEUED or SETTLED; owned by the run from now on */
export function createJobRun(components: JobRunComponents, head: JobHead, plan: JobPlan, places: Uint8Array): JobRun {
  const { clock, jobs, tokens } = components;
  const id = head.id as JobId;
  const job = createRunningJob({ ...head, root: head.root ?? '' }, plan, places, clock.now());
  let state: JobHead['state'] = 'running';
  let isOver = false;

  const headNow = (): JobHead => ({
    ...head,
    state,
    recordsDone: job.tally.done,
    recordsFailed: job.tally.failed,
    reissues: job.tally.reissues,
    duplicates: job.tally.duplicates,
    leased: state === 'running' ? components.leasedRecords(job) : 0,
    byPeer: [...job.byPeer],
  });
  const writer = createResultWriter(clock, jobs, id, headNow, (error) => {
    isOver = true;
    components.onBroken(error);
  });

  return {
    job,
    head: headNow,
    isComplete: () => job.tally.done + job.tally.failed === plan.costs.length,
    async settle(result) {
      const { record, peer } = result;
      const kept = await readRecord(jobs, id, record);
      const text = await writeAnswer(head, kept, result, tokens as Tokens);
      if (isOver) return;
      job.tally.done += 1;
      job.byPeer.set(peer, (job.byPeer.get(peer) ?? 0) + 1);
      writer.add({ record, isAnswer: true, text, peer });
    },
    async fail(record, code, reason) {
      job.places[record] = SETTLED;
      const { line, customId } = await readRecord(jobs, id, record);
      if (isOver) return;
      const message = `work: not answered (${code}): ${reason}`;
      const text = formatFault(head.digest, record, line, { code, message, param: undefined, customId });
      job.tally.failed += 1;
      writer.add({ record, isAnswer: false, text, peer: null });
    },
    touch: () => writer.touch(),
    flush: () => writer.flush(),
    async close(last) {
      isOver = true;
      state = last;
      await writer.flush();
      writer.close();
    },
    abandon() {
      isOver = true;
      writer.close();
    },
  };
}

/** What an earlier visit left of a job: which records are settled, counted exactly. */
export async function readProgress(
  jobs: JobStore,
  head: JobHead,
  chunkLines: number,
): Promise<{ readonly head: JobHead; readonly plan: JobPlan; readonly places: Uint8Array }> {
  const id = head.id as JobId;
  const plan = await jobs.readPlan(id);
  const { costs } = plan;
  const places = placesOf(costs);
  const byPeer = new Map<PeerId, number>();
  let recordsDone = 0;
  let recordsFailed = costs.filter((cost) => cost === 0).length;
  for (let chunk = 0; chunk * chunkLines < costs.length; chunk++) {
    for (const { record, isAnswer, peer } of await jobs.readResults(id, chunk)) {
      places[record] = SETTLED;
      if (isAnswer) recordsDone += 1;
      else recordsFailed += 1;
      if (peer !== null) byPeer.set(peer as PeerId, (byPeer.get(peer as PeerId) ?? 0) + 1);
    }
  }
  return { head: { ...head, recordsDone, recordsFailed, byPeer: [...byPeer] }, plan, places };
}

/** Refused lines are settled, the others queued. */
export function placesOf(costs: Uint32Array): Uint8Array {
  return Uint8Array.from(costs, (cost) => (cost === 0 ? SETTLED : 0));
}
