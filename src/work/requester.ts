import { AppError } from '../base/app-error.ts';
import type { JobId, ModelRoot, PeerId } from '../base/branded.ts';
import { bytesToHex } from '../base/bytes.ts';
import { CHUNK_LINES, TICK_MS } from './constants.ts';
import { createDispatcher } from './dispatcher.ts';
import { WorkError } from './errors.ts';
import { readWorkRecords } from './job-answers.ts';
import { buildJobFiles } from './job-output.ts';
import { createJobRun, placesOf, readProgress, type JobRun } from './job-run.ts';
import type { JobHead, JobPlan } from './job-schema.ts';
import { createJobStore } from './job-store.ts';
import type { JobState, JobView } from './job-view.ts';
import type { RunningJob } from './job.ts';
import { createLeaseInbox } from './lease-inbox.ts';
import { shown } from './line-fault.ts';
import type { Tokens } from './ports.ts';
import { prepareJob } from './prepare-job.ts';
import type { BatchSubmission, Requester, RequesterComponents } from './requester-contract.ts';
import { openWorkLink, type WorkLink } from './work-link.ts';

interface Entry {
  head: JobHead;
  state: JobState;
  problem: JobView['problem'];
  /** While it is prepared. */
  readonly abort: AbortController;
  run: JobRun | undefined;
  /** A `resume` under way, so that a second one waits for the first. */
  resuming: Promise<void> | undefined;
}

/** @returns a requester that listens at once; jobs of earlier visits are found by `list` */
export function createRequester(components: RequesterComponents): Requester {
  const { clock, logger, channel, directory } = components;
  const jobs = createJobStore(components.store);
  const entries = new Map<JobId, Entry>();
  const listeners = new Set<() => void>();
  const tokenizers = new Map<ModelRoot, Promise<Tokens>>();
  let stopTicking: (() => void) | undefined;
  let isStopped = false;
  let isChangePending = false;

  const dispatcher = createDispatcher({
    clock,
    logger,
    self: channel.self,
    directory,
    link: () => link,
    loadRecords: (job, records) => readWorkRecords(jobs, job.id, records),
    onFailed(job, record, verdict, reason) {
      entryOf(job)
        ?.run?.fail(record, verdict, reason)
        .then(() => afterSettled(job))
        .catch((error: unknown) => breakDown(job.id, error));
    },
    onChange(job) {
      entryOf(job)?.run?.touch();
      changed();
    },
    onBroken: (job, error) => breakDown(job.id, error),
  });
  const inbox = createLeaseInbox({
    clock,
    dispatcher,
    link: () => link,
    onResult(job, lease, result) {
      entryOf(job)
        ?.run?.settle(result)
        .then(() => afterSettled(job))
        .catch((error: unknown) => {
          if (error instanceof WorkError) return breakDown(job.id, error);
          // Ids that the tokenizer does not know: the answer is worthless, and somebody else is asked.
          dispatcher.failRecord(lease, result.record, 'fault', `undecodable: ${shown(String(error))}`);
          dispatcher.pump();
        });
    },
  });
  const link: WorkLink = openWorkLink(
    components,
    ['work/accept', 'work/decline', 'work/heartbeat', 'work/result', 'work/fault', 'work/done', 'work/release'],
    inbox,
  );
  const closers = [
    () => link.close(),
    channel.onGone((peer) => {
      for (const lease of dispatcher.leases.ofPeer(peer)) dispatcher.endLease(lease, 'lost');
      dispatcher.pump();
    }),
    directory.onChange(() => dispatcher.pump()),
  ];

  /** The entry in which this very run is active; a run that ended is nobody's. */
  function entryOf(job: RunningJob): Entry | undefined {
    const entry = entries.get(job.id);
    return entry?.run?.job === job ? entry : undefined;
  }

  function required(id: JobId): Entry {
    const entry = entries.get(id);
    if (entry) return entry;
    throw new WorkError('job-unknown', `work: no job ${shown(id)} on this device`, { id: shown(id) });
  }

  function changed() {
    if (isChangePending) return;
    isChangePending = true;
    queueMicrotask(() => {
      isChangePending = false;
      for (const listener of listeners) listener();
    });
  }

  function tokensFor(root: ModelRoot): Promise<Tokens> {
    let tokens = tokenizers.get(root);
    if (!tokens) {
      tokens = components.tokensFor(root);
      tokenizers.set(root, tokens);
      tokens.catch(() => tokenizers.delete(root));
    }
    return tokens;
  }

  function afterSettled(job: RunningJob) {
    const entry = entryOf(job);
    if (!entry?.run) return;
    changed();
    if (entry.run.isComplete()) finish(entry, 'done').catch((error: unknown) => breakDown(job.id, error));
  }

  /** Ends the run, keeps everything, and only then says so. */
  async function finish(entry: Entry, state: 'done' | 'cancelled'): Promise<void> {
    const { run } = entry;
    if (!run) return;
    entry.run = undefined;
    dispatcher.drop(run.job);
    entry.head = run.head();
    await run.close(state);
    entry.head = { ...run.head(), state };
    entry.state = state;
    tickWhileNeeded();
    changed();
  }

  function breakDown(id: JobId, error: unknown) {
    const entry = entries.get(id);
    if (!entry || isStopped) return;
    if (entry.run) {
      dispatcher.drop(entry.run.job);
      entry.head = entry.run.head();
      entry.run.abandon();
      entry.run = undefined;
    }
    entry.state = 'failed';
    const code = error instanceof AppError ? error.code : 'failed';
    entry.problem = {
      code: `work/${code}`,
      message: error instanceof Error ? shown(error.message) : shown(String(error)),
    };
    logger.error('job cannot go on', { job: id, code });
    tickWhileNeeded();
    changed();
  }

  async function activate(entry: Entry, plan: JobPlan, places: Uint8Array): Promise<void> {
    const { head } = entry;
    const tokens = head.root === null ? undefined : await tokensFor(head.root as ModelRoot);
    entry.abort.signal.throwIfAborted();
    if (isStopped || entries.get(head.id as JobId) !== entry) return;
    entry.run = createJobRun(
      {
        clock,
        jobs,
        tokens,
        leasedRecords: (job) => dispatcher.leases.ofJob(job).reduce((sum, lease) => sum + lease.open.size, 0),
        onBroken: (error) => breakDown(head.id as JobId, error),
      },
      head,
      plan,
      places,
    );
    entry.state = 'running';
    entry.problem = undefined;
    changed();
    if (entry.run.isComplete()) return finish(entry, 'done');
    dispatcher.add(entry.run.job);
    tickWhileNeeded();
    dispatcher.pump();
  }

  function tickWhileNeeded() {
    const isNeeded = !isStopped && [...entries.values()].some((entry) => entry.run);
    if (isNeeded) stopTicking ??= clock.every(TICK_MS, () => dispatcher.tick());
    else {
      stopTicking?.();
      stopTicking = undefined;
    }
  }

  function viewOf(entry: Entry): JobView {
    const head = entry.run?.head() ?? entry.head;
    const { run } = entry;
    const isWaiting = entry.state === 'running' && run && run.job.queue.size > 0 && dispatcher.isIdle(run.job);
    return {
      id: head.id as JobId,
      fileName: head.fileName,
      createdAtMs: head.createdAtMs,
      model: (head.root ?? undefined) as ModelRoot | undefined,
      only: (head.only ?? undefined) as PeerId | undefined,
      state: isWaiting ? 'waiting' : entry.state,
      recordsTotal: head.total,
      recordsDone: head.recordsDone,
      recordsFailed: head.recordsFailed,
      reissues: head.reissues,
      duplicates: head.duplicates,
      byPeer: head.byPeer.map(([peer, records]) => ({
        peer: peer as PeerId,
        isSelf: peer === channel.self,
        records,
      })),
      problem: entry.problem,
    };
  }

  function requireRunning() {
    if (isStopped) throw new WorkError('stopped', 'work: the requester was stopped; make a new one', {});
  }

  async function prepare(entry: Entry, { file, adapter }: BatchSubmission): Promise<void> {
    const id = entry.head.id as JobId;
    const { signal } = entry.abort;
    const onLine = (total: number) => {
      entry.head = { ...entry.head, total };
      changed();
    };
    const prepared = await prepareJob(
      { ...components, jobs, tokensFor, usualAdapter: adapter },
      id,
      file,
      entry.head.key,
      onLine,
      signal,
    );
    const { digest, model, root, total, refused, plan } = prepared;
    entry.head = { ...entry.head, digest, model, root: root ?? null, total, recordsFailed: refused, state: 'running' };
    await jobs.writePlan(id, plan);
    signal.throwIfAborted();
    await jobs.writeHead(id, entry.head);
    await activate(entry, plan, placesOf(plan.costs));
  }

  async function goOn(entry: Entry): Promise<void> {
    const progress = await readProgress(jobs, entry.head, CHUNK_LINES);
    entry.head = { ...progress.head, state: 'running' };
    await activate(entry, progress.plan, progress.places);
    entry.head = { ...entry.head, leased: 0 };
  }

  const views = () => [...entries.values()].map(viewOf).toSorted((a, b) => a.createdAtMs - b.createdAtMs);

  async function list(): Promise<readonly JobView[]> {
    requireRunning();
    const { jobs: ids, leftovers } = await jobs.ids();
    for (const id of leftovers) if (!entries.has(id)) await jobs.remove(id);
    for (const id of ids) {
      if (entries.has(id)) continue;
      const head = await jobs.readHead(id).catch(() => logger.warn('a kept job cannot be read', { job: id }));
      if (!head || entries.has(id)) continue;
      const state = head.state === 'running' ? 'interrupted' : head.state;
      const abort = new AbortController();
      entries.set(id, { head, state, problem: undefined, abort, run: undefined, resuming: undefined });
    }
    changed();
    return views();
  }

  return {
    async submit(batch) {
      const { fileName, only } = batch;
      requireRunning();
      const id = bytesToHex(crypto.getRandomValues(new Uint8Array(16))) as JobId;
      const head: JobHead = {
        v: 1,
        id,
        fileName: shown(fileName),
        createdAtMs: clock.now(),
        key: components.randomU32() >>> 0,
        digest: '',
        model: '',
        root: null,
        only: only ?? null,
        total: 0,
        state: 'running',
        recordsDone: 0,
        recordsFailed: 0,
        reissues: 0,
        duplicates: 0,
        leased: 0,
        byPeer: [],
      };
      const entry: Entry = {
        head,
        state: 'preparing',
        problem: undefined,
        abort: new AbortController(),
        run: undefined,
        resuming: undefined,
      };
      entries.set(id, entry);
      changed();
      try {
        await prepare(entry, batch);
        return id;
      } catch (error) {
        entries.delete(id);
        changed();
        if (!isStopped) await jobs.remove(id).catch(() => logger.warn('left-over of a job stays', { job: id }));
        throw error;
      }
    },
    list,
    async resume(id) {
      requireRunning();
      if (!entries.has(id)) await list();
      const entry = required(id);
      if (entry.state !== 'interrupted' && entry.state !== 'failed') return;
      entry.resuming ??= goOn(entry).finally(() => {
        entry.resuming = undefined;
      });
      return entry.resuming;
    },
    async cancel(id) {
      const entry = required(id);
      await entry.resuming;
      entry.abort.abort(new DOMException('the job was cancelled', 'AbortError'));
      if (entry.run) return finish(entry, 'cancelled');
      if (entry.state !== 'interrupted' && entry.state !== 'failed') return;
      entry.head = { ...entry.head, state: 'cancelled' };
      entry.state = 'cancelled';
      await jobs.writeHead(id, entry.head);
      changed();
    },
    async remove(id) {
      const entry = required(id);
      entry.abort.abort(new DOMException('the job was removed', 'AbortError'));
      entries.delete(id);
      if (entry.run) {
        dispatcher.drop(entry.run.job);
        entry.run.abandon();
        entry.run = undefined;
      }
      tickWhileNeeded();
      changed();
      await jobs.remove(id);
    },
    async outputFiles(id) {
      const entry = required(id);
      if (entry.state === 'preparing') {
        throw new WorkError('job-state', 'work: the job is still being prepared; ask again later', { id });
      }
      await entry.run?.flush();
      return buildJobFiles(jobs, entry.run?.head() ?? entry.head);
    },
    view: (id) => viewOf(required(id)),
    views,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    metrics() {
      const refusals = [...link.refusals()];
      const byCode = refusals.map(([code, count]) => [`refused:${code}`, count]);
      const refusedMessages = refusals.reduce((sum, [, count]) => sum + count, 0);
      return { ...dispatcher.counts, refusedMessages, ...Object.fromEntries(byCode) };
    },
    async stop() {
      if (isStopped) return;
      isStopped = true;
      for (const close of closers) close();
      for (const entry of entries.values()) {
        entry.abort.abort(new DOMException('the requester was stopped', 'AbortError'));
        const { run } = entry;
        if (!run) continue;
        dispatcher.drop(run.job);
        entry.head = run.head();
        entry.run = undefined;
        entry.state = 'interrupted';
        await run.close('running').catch(() => logger.warn('results of a job were not kept', { job: entry.head.id }));
      }
      tickWhileNeeded();
      changed();
    },
  };
}
