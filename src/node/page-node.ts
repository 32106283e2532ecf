import type { JobId, ModelRoot } from '../base/branded.ts';
import { createEmitter } from '../base/emitter.ts';
import { createLogger, type LogEntry } from '../base/logger.ts';
import type { Bootstrap } from '../protocol/index.ts';
import { createChangeSignal } from './change-signal.ts';
import { chatWithModel } from './chat.ts';
import type { Device } from './device.ts';
import type { DeviceLock } from './device-lock.ts';
import type { Embedding } from './embedding.ts';
import { NodeError } from './errors.ts';
import { readLimits, saveLimits } from './governor/limits-store.ts';
import type { Limits } from './governor/signals.ts';
import { createThrottle, type Throttle } from './governor/throttle.ts';
import { readAmounts } from './history/read-amounts.ts';
import { startHistory, type HistoryRecorder } from './history/history-recorder.ts';
import { addToHistory, pruneHistory } from './history/history-store.ts';
import { hasVisitedBefore } from './visited-before.ts';
import { registerOfflineShell } from './offline-shell.ts';
import { readOperatorOffer } from './operator-offer.ts';
import { createOwnJobs } from './own-jobs.ts';
import { createOwnModels } from './own-models.ts';
import { problemOf } from './problem.ts';
import { createServing, readStorage, type Serving } from './serving.ts';
import { EMPTY_SNAPSHOT, type NodePhase, type NodeSnapshot, type Problem, type StartStep } from './snapshot.ts';
import type { Consent, StarlingNode } from './starling-node.ts';
import { createTimedPause } from './timed-pause.ts';
import type { Studio } from './studio/studio.ts';
import { viewDevice, viewOffer } from './view-device.ts';

/** The node of this very page. It is asleep: the first click that needs them loads and joins its parts. */
export class PageNode implements StarlingNode {
  readonly #signal = createChangeSignal();
  readonly #log = createEmitter<{ entry: LogEntry }>();
  readonly #logger = createLogger('node', (entry) => this.#log.emit('entry', entry));
  readonly #lock: DeviceLock;
  #limits = readLimits();
  readonly #embedding: Embedding | undefined;
  readonly #throttle: Throttle;
  readonly #serving: Serving;
  #offer: Bootstrap | undefined;
  #device: Device | undefined;
  #opening: Promise<Device> | undefined;
  #phase: NodePhase = 'off';
  readonly #timedPause = createTimedPause(() => this.resume());
  #step: StartStep | undefined;
  #problem: Problem | undefined;
  #lastConsent: Consent | undefined;
  #starting: AbortController | undefined;
  #storage: NodeSnapshot['storage'];
  #studio: Promise<Studio> | undefined;
  readonly #jobs = createOwnJobs({
    device: () => this.#device,
    open: () => this.#open(),
    connect: (where) => this.#connect(where),
    prepare: (device, job) => this.#computeOwn(device, job),
    onProblem: (error) => this.#fail(error),
  });
  readonly #models = createOwnModels({
    device: () => this.#device,
    open: () => this.#open(),
    join: () => this.#connect('swarm'),
    onStored: () => this.#readStorage(),
    onProblem: (error, isGrave) => (isGrave ? this.#fail(error) : this.#logger.warn(problemOf(error).message)),
  });
  readonly submitBatch = this.#jobs.submitBatch;
  readonly resumeJob = this.#jobs.resumeJob;
  readonly cancelJob = this.#jobs.cancelJob;
  readonly removeJob = this.#jobs.removeJob;
  readonly jobFiles = this.#jobs.jobFiles;
  readonly download = this.#models.download;
  readonly takeModelFile = this.#models.takeModelFile;
  readonly cancelDownload = this.#models.cancelDownload;
  readonly deleteModel = this.#models.deleteModel;
  readonly exportModel = this.#models.exportModel;
  readonly shareAdapter = this.#models.shareAdapter;
  readonly withdrawAdapter = this.#models.withdrawAdapter;
  #openStudio: Studio | undefined;
  #history: HistoryRecorder | undefined;

  constructor(lock: DeviceLock, embedding?: Embedding) {
    this.#lock = lock;
    this.#embedding = embedding;
    const changed = () => this.#signal.changed();
    this.#throttle = createThrottle(() => this.#limits, changed, embedding);
    this.#serving = createServing((step) => this.#show(step), this.#throttle);
  }

  snapshot(): NodeSnapshot {
    const own = {
      phase: this.#phase,
      pausedUntilMs: this.#timedPause.untilMs,
      isOtherTab: false,
      step: this.#step,
      problem: this.#problem,
      storage: this.#storage,
      limits: this.#limits,
      duty: this.#throttle.duty(),
      isTeaching: this.#openStudio?.isRunning() ?? false,
    };
    const seen = this.#device ? viewDevice(this.#device) : { ...EMPTY_SNAPSHOT, models: viewOffer(this.#offer) };
    return { ...seen, ...own };
  }

  onChange(listener: () => void): () => void {
    return this.#signal.on(listener);
  }

  onLog(listener: (entry: LogEntry) => void): () => void {
    return this.#log.on('entry', listener);
  }

  async readOffer(): Promise<void> {
    try {
      this.#offer = await readOperatorOffer();
      this.#problem = undefined;
    } catch (error) {
      this.#problem = problemOf(error);
    }
    // What an earlier visit left is shown again; a first visit opens nothing.
    if (this.#embedding?.storage.t !== 'memory' && (await hasVisitedBefore())) await this.#open();
    this.#signal.changed();
  }

  async contribute(consent: Consent): Promise<void> {
    if (this.#phase !== 'off' && this.#phase !== 'connected') return;
    this.#lastConsent = consent;
    await this.#attempt(async (signal) => {
      if (!(await this.#lock.tryAcquire())) return this.#showElsewhere();
      this.#enter('starting');
      const device = await this.#open();
      await device.requester.list();
      await this.#load(device, consent.model, signal);
      this.#show({ name: 'join', doneBytes: 0, totalBytes: 0 });
      await device.swarm.start();
      signal.throwIfAborted();
      this.#serving.open(device, consent.model);
      this.#enter('serving');
      this.#logger.info('this device shares its GPU now');
    });
  }

  pause(forMs?: number): void {
    if (this.#phase !== 'serving' || !this.#device) return;
    this.#timedPause.begin(forMs);
    this.#serving.pause(this.#device, true);
    this.#device.announce(undefined);
    this.#enter('paused');
    this.#logger.info('paused');
  }

  resume(): void {
    const device = this.#device;
    const model = device?.engine.loaded()?.root;
    if (this.#phase !== 'paused' || !device || !model) return;
    this.#timedPause.end();
    this.#serving.pause(device, false);
    device.announce(model);
    this.#enter('serving');
    this.#logger.info('sharing again');
  }

  setLimits(limits: Limits): void {
    this.#limits = limits;
    saveLimits(limits);
    this.#throttle.update();
    this.#signal.changed();
  }

  async stop(): Promise<void> {
    this.#starting?.abort();
    this.#timedPause.end();
    const device = this.#device;
    if (!device || this.#phase === 'off') return this.#lock.release();
    this.#enter('stopping');
    await this.#history?.flush();
    await device.restartRequester();
    await this.#serving.close(device);
    device.shared.clear();
    await device.swarm.stop();
    await device.shelf.stop();
    this.#lock.release();
    this.#enter('off');
    this.#logger.info('stopped');
  }

  async takeOver(): Promise<void> {
    await this.claim(true);
    if (this.#lastConsent) await this.contribute(this.#lastConsent);
  }

  async claim(isWanted: boolean): Promise<boolean> {
    if (isWanted) await this.#lock.takeOver();
    else if (!(await this.#lock.tryAcquire())) {
      this.#showElsewhere();
      return false;
    }
    if (this.#phase === 'elsewhere') this.#enter('off');
    return true;
  }

  /** Lets another page be the node, and shows that. */
  async yield(): Promise<void> {
    await this.stop();
    this.#showElsewhere();
  }

  #showElsewhere(): void {
    this.#enter('elsewhere');
    void this.#lock.whenFree().then(() => {
      if (this.#phase === 'elsewhere') this.#enter('off');
    });
  }

  async chat(options: Parameters<StarlingNode['chat']>[0]): Promise<void> {
    const device = await this.#connect('device');
    await chatWithModel(device, options, (root) => this.#load(device, root, options.signal));
  }

  async openStudio(): Promise<Studio> {
    const device = await this.#connect('device');
    this.#studio ??= import('./studio/open-studio.ts').then(({ openStudio }) => openStudio(device, this.#signal));
    this.#openStudio = await this.#studio;
    return this.#openStudio;
  }

  metrics(): Readonly<Record<string, number>> {
    return { ...this.#device?.requester.metrics(), ...this.#device?.provider.stats() };
  }

  /** Loads and joins the parts, once. Nothing of them runs yet. */
  #open(): Promise<Device> {
    this.#opening ??= import('./device.ts').then(async ({ openDevice }) => {
      const device = await openDevice({
        offer: () => this.#offer,
        place: this.#embedding?.storage ?? { t: 'own' },
        log: (entry) => this.#log.emit('entry', entry),
        onChange: () => this.#signal.changed(),
        onDeviceGone: (error) => {
          this.#fail(error);
          void this.stop();
        },
      });
      this.#device = device;
      // In another site's page it is kept by nobody: what is left there goes with the grant.
      if (!this.#embedding) {
        this.#history = startHistory(device.clock, () => readAmounts(this.snapshot()), addToHistory);
        void pruneHistory().catch(() => undefined);
      }
      await device.shelf.refresh();
      // Another tab's requester may be writing; its half-made jobs are not ours to tidy.
      if (!(await this.#lock.isLedElsewhere())) await device.requester.list();
      if (!this.#embedding) await registerOfflineShell();
      await this.#readStorage();
      return device;
    });
    this.#opening.catch(() => (this.#opening = undefined));
    return this.#opening;
  }

  /** What asking for work needs: this tab is the device's node, and for the swarm it is in it. */
  async #connect(where: 'swarm' | 'device'): Promise<Device> {
    if (this.#phase === 'elsewhere' || !(await this.#lock.tryAcquire())) {
      throw new NodeError('elsewhere', 'node: another tab of this browser is the node; use that one', {});
    }
    const device = await this.#open();
    await device.requester.list();
    if (where === 'swarm') await device.swarm.start();
    if (this.#phase === 'off') this.#enter('connected');
    return device;
  }

  /** Computes the person's own job here, without opening this device to others. */
  async #computeOwn(device: Device, id: JobId): Promise<void> {
    const model = device.requester.views().find((view) => view.id === id)?.model;
    if (model) await this.#load(device, model, new AbortController().signal);
    device.announce(this.#phase === 'serving' ? model : undefined);
  }

  async #load(device: Device, root: ModelRoot, signal: AbortSignal): Promise<void> {
    await this.#serving.load(device, root, signal);
    await this.#readStorage();
  }

  /** Runs a start that may fail or be stopped, and leaves everything off if it is. */
  async #attempt(run: (signal: AbortSignal) => Promise<void>): Promise<void> {
    this.#starting = new AbortController();
    this.#problem = undefined;
    try {
      await run(this.#starting.signal);
    } catch (error) {
      if (!this.#starting.signal.aborted) {
        this.#problem = problemOf(error);
        this.#logger.error(this.#problem.message);
      }
      await this.stop();
    } finally {
      this.#step = undefined;
      this.#signal.changed();
    }
  }

  async #readStorage(): Promise<void> {
    if (this.#device) this.#storage = await readStorage(this.#device.storage);
    this.#signal.changed();
  }

  #fail(error: unknown): void {
    this.#problem = problemOf(error);
    this.#signal.changed();
  }

  #enter(phase: NodePhase): void {
    this.#phase = phase;
    this.#signal.changed();
  }

  #show(step: StartStep | undefined): void {
    this.#step = step;
    this.#signal.changed();
  }
}
