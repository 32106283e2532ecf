import type { JobId, ModelRoot } from '../base/branded.ts';
import { createEmitter } from '../base/emitter.ts';
import type { LogEntry } from '../base/logger.ts';
import { createChangeSignal } from './change-signal.ts';
import { createDeviceLock, createLoneLock, type DeviceLock } from './device-lock.ts';
import type { Embedding } from './embedding.ts';
import { NodeError } from './errors.ts';
import type { Limits } from './governor/signals.ts';
import { PageNode } from './page-node.ts';
import type { NodeSnapshot } from './snapshot.ts';
import type { ChatOptions, Consent, StarlingNode } from './starling-node.ts';
import type { Studio } from './studio/studio.ts';
import type { FollowedNode } from './tab-link.ts';

/**
 * Makes this tab's hold on the device's one node: its own, or that of the tab which is the node already. It is asleep:
 * the first click that needs them loads and joins its parts.
 *
 * @param embedding where another site's page shows it: it then works only while its person's grant holds
 */
export function createNode(embedding?: Embedding): StarlingNode {
  return new TabNode(embedding);
}

const ATTEMPTS = 3;

class TabNode implements StarlingNode {
  readonly #signal = createChangeSignal();
  readonly #log = createEmitter<{ entry: LogEntry }>();
  readonly #lock: DeviceLock;
  readonly #embedding: Embedding | undefined;
  readonly #own: PageNode;
  #followed: FollowedNode | undefined;
  #following: Promise<void> | undefined;

  constructor(embedding?: Embedding) {
    this.#embedding = embedding;
    const events = {
      onYield: () => this.#yield(),
      onHeld: (tell: () => void) => this.#lead(tell),
      onHeldElsewhere: () => void this.#node(),
    };
    this.#lock = embedding?.storage.t === 'memory' ? createLoneLock() : createDeviceLock(events, embedding?.realm);
    this.#own = new PageNode(this.#lock, embedding);
    this.#own.onChange(() => this.#signal.changed());
    this.#own.onLog((entry) => this.#log.emit('entry', entry));
  }

  snapshot(): NodeSnapshot {
    return (this.#followed ?? this.#own).snapshot();
  }

  onChange(listener: () => void): () => void {
    return this.#signal.on(listener);
  }

  onLog(listener: (entry: LogEntry) => void): () => void {
    return this.#log.on('entry', listener);
  }

  async readOffer(): Promise<void> {
    this.#refuseWithoutGrant();
    await (await this.#node()).readOffer();
  }

  async contribute(consent: Consent): Promise<void> {
    this.#refuseWithoutGrant();
    await (await this.#node()).contribute(consent);
  }

  pause(forMs?: number): void {
    this.#governed().pause(forMs);
  }

  resume(): void {
    this.#refuseWithoutGrant();
    this.#governed().resume();
  }

  setLimits(limits: Limits): void {
    (this.#followed ?? this.#own).setLimits(limits);
  }

  async stop(): Promise<void> {
    await (this.#embedding ? this.#own : await this.#node()).stop();
  }

  async takeOver(): Promise<void> {
    this.#refuseWithoutGrant();
    await this.#own.takeOver();
  }

  async claim(isWanted: boolean): Promise<boolean> {
    this.#refuseWithoutGrant();
    return (await this.#node()).claim(isWanted);
  }

  async download(root: ModelRoot): Promise<void> {
    this.#refuseWithoutGrant();
    await (await this.#node()).download(root);
  }

  async takeModelFile(file: File): Promise<void> {
    this.#refuseWithoutGrant();
    await (await this.#node()).takeModelFile(file);
  }

  async cancelDownload(root: ModelRoot): Promise<void> {
    await (await this.#node()).cancelDownload(root);
  }

  async deleteModel(root: ModelRoot): Promise<void> {
    await (await this.#node()).deleteModel(root);
  }

  async shareAdapter(root: ModelRoot): Promise<void> {
    this.#refuseWithoutGrant();
    await (await this.#node()).shareAdapter(root);
  }

  async withdrawAdapter(root: ModelRoot): Promise<void> {
    await (await this.#node()).withdrawAdapter(root);
  }

  async exportModel(root: ModelRoot): Promise<ReadableStream<Uint8Array>> {
    return (await this.#node()).exportModel(root);
  }

  async submitBatch(file: File, where: 'swarm' | 'device', adapter?: ModelRoot): Promise<JobId> {
    this.#refuseWithoutGrant();
    return (await this.#node()).submitBatch(file, where, adapter);
  }

  async resumeJob(id: JobId): Promise<void> {
    this.#refuseWithoutGrant();
    await (await this.#node()).resumeJob(id);
  }

  async cancelJob(id: JobId): Promise<void> {
    await (await this.#node()).cancelJob(id);
  }

  async removeJob(id: JobId): Promise<void> {
    await (await this.#node()).removeJob(id);
  }

  async jobFiles(id: JobId): Promise<{ readonly output: Blob; readonly errors: Blob }> {
    return (await this.#node()).jobFiles(id);
  }

  async chat(options: ChatOptions): Promise<void> {
    this.#refuseWithoutGrant();
    await (await this.#node()).chat(options);
  }

  async openStudio(): Promise<Studio> {
    return (await this.#node()).openStudio();
  }

  metrics(): Readonly<Record<string, number>> {
    return this.#own.metrics();
  }

  /** What a page that embeds this may pause: not another tab's node, which its person started elsewhere. */
  #governed(): StarlingNode {
    return this.#embedding ? this.#own : (this.#followed ?? this.#own);
  }

  #refuseWithoutGrant(): void {
    if (!this.#embedding || this.#embedding.mayWork()) return;
    throw new NodeError('no-grant', 'node: the person has not agreed to this on this site, or no longer does', {});
  }

  /** Whose node is asked: another tab's while that one is the device's node, else this tab's own. */
  async #node(): Promise<StarlingNode> {
    if (!this.#followed && (await this.#lock.isLedElsewhere())) {
      this.#following ??= this.#follow().finally(() => (this.#following = undefined));
      await this.#following;
    }
    return this.#followed ?? this.#own;
  }

  /** Where tabs cannot be joined, or the other does not answer, this tab's own node says so and offers to take over. */
  async #follow(): Promise<void> {
    const { canLinkTabs, followTabs } = await import('./tab-link.ts');
    // The first attempt may have met a tab that is closed by now.
    for (let attempt = 0; attempt < ATTEMPTS && canLinkTabs() && !this.#followed; attempt++) {
      this.#followed = await followTabs(
        () => this.#signal.changed(),
        (entry) => this.#log.emit('entry', entry),
      ).catch(() => undefined);
    }
    if (!this.#followed) return;
    this.#signal.changed();
    void this.#lock.whenFree().then(() => this.#unfollow());
  }

  async #yield(): Promise<void> {
    this.#embedding?.onElsewhere();
    await this.#own.yield();
  }

  #unfollow(): void {
    this.#followed?.close();
    this.#followed = undefined;
    this.#signal.changed();
    // What the other tab has fetched or finished meanwhile lies on this device.
    void this.#own.readOffer();
  }

  /** @param tell says to the other tabs that they may follow now */
  #lead(tell: () => void): () => void {
    const leading = import('./tab-link.ts').then(({ canLinkTabs, leadTabs }) => {
      const end = canLinkTabs() ? leadTabs(this.#own) : () => undefined;
      tell();
      return end;
    });
    return () => void leading.then((end) => end());
  }
}
