import { present } from '../../base/invariant.ts';
import { BUFFER_USAGE, MAX_BINDING_BYTES, type GpuMemory } from '../../gpu/index.ts';
import { EngineError } from '../errors.ts';
import { MAX_RANK_PAGES, NO_PAGE } from '../kernels/low-rank.ts';
import type { ModelConfig } from '../model/config.ts';
import type { ForwardPass } from '../model/forward.ts';
import type { RunLimits } from '../model/run-state.ts';
import { createPagePool, type PagePool } from '../scheduler/page-pool.ts';
import { TABLE_WORDS_PER_LAYER, type AdapterBuffers } from './adapter-buffers.ts';
import { adapterGroups, type AdapterGroup } from './adapter-layout.ts';
import type { PackedAdapter } from './pack-adapter.ts';

/** Room for adapters beside the model, of all groups together… */
const POOL_BYTES = 256 * 1024 * 1024;
/** …but for no more than so many of rank 16. */
const MOST_RESIDENT = 32;

interface Init {
  readonly config: ModelConfig;
  readonly limits: RunLimits;
  readonly queue: GPUQueue;
  readonly memory: GpuMemory;
  /** Prepares the commands of steps with adapters. */
  readonly prepare: (buffers: AdapterBuffers) => Promise<ForwardPass>;
}

interface Pool {
  readonly group: AdapterGroup;
  readonly buffer: GPUBuffer;
  readonly pages: PagePool;
}

/** An adapter on the GPU. */
interface Resident {
  /** (layers, groups, pages) of its table. */
  readonly table: Uint32Array<ArrayBuffer>;
  readonly pages: ReadonlyMap<Pool, readonly number[]>;
  readonly bits: number;
  /** Slots that run with it. */
  users: number;
  lastUse: number;
}

/**
 * Adapters on the GPU in one pool of pages for each group, ranks 1 to 64; those that nobody runs with make room, the one
 * that was used longest ago first. Freed with the model's memory.
 */
export class AdapterBank {
  readonly #init: Init;
  readonly #pools = new Map<number, Pool>();
  readonly #residents = new Map<PackedAdapter, Resident>();
  readonly #bySlot = new Map<number, Resident>();
  #shared: Omit<AdapterBuffers, 'groups'> | undefined;
  #forward: ForwardPass | undefined;
  #preparing: Promise<unknown> = Promise.resolve();
  #clock = 0;

  constructor(init: Init) {
    this.#init = init;
  }

  /** Commands of steps in which any sequence has an adapter. */
  get forward(): ForwardPass {
    return present(this.#forward, 'commands with adapters');
  }

  /** Bits of the groups that any of the slots' adapters changes; 0 for slots without one. */
  groupsOf(slots: Iterable<number>): number {
    let bits = 0;
    if (this.#bySlot.size > 0) for (const slot of slots) bits |= this.#bySlot.get(slot)?.bits ?? 0;
    return bits;
  }

  /**
   * Makes the pools and commands that an adapter needs; before it is opened for the first time.
   *
   * @throws {EngineError} `adapter-too-large`; {GpuError} `out-of-memory`
   */
  reserve(adapter: PackedAdapter): Promise<void> {
    const reserved = this.#preparing.then(() => this.#reserve(adapter));
    this.#preparing = reserved.catch(() => undefined);
    return reserved;
  }

  /** Gives a slot its adapter, writing it to the GPU if it is not there; false if there is no room now. */
  open(adapter: PackedAdapter, slot: number): boolean {
    const resident = this.#residents.get(adapter) ?? this.#upload(adapter);
    if (!resident) return false;
    resident.users++;
    this.#bySlot.set(slot, resident);
    this.#writeTable(slot, resident.table);
    return true;
  }

  /** The slot has none from the next step on. */
  close(slot: number): void {
    const resident = this.#bySlot.get(slot);
    if (!resident) return;
    resident.users--;
    resident.lastUse = this.#clock++;
    this.#bySlot.delete(slot);
    this.#writeTable(slot, new Uint32Array(this.#tableWords).fill(NO_PAGE));
  }

  get #tableWords(): number {
    return this.#init.config.layers * TABLE_WORDS_PER_LAYER;
  }

  #writeTable(slot: number, words: Uint32Array<ArrayBuffer>): void {
    const { table } = present(this.#shared, 'adapter table');
    this.#init.queue.writeBuffer(table, slot * this.#tableWords * 4, words);
  }

  async #reserve(adapter: PackedAdapter): Promise<void> {
    const all = adapterGroups(this.#init.config);
    const missing = adapter.groups.filter(({ group }) => !this.#pools.has(group.bit));
    this.#shared ??= await this.#createShared();
    for (const { group } of missing) {
      const count = this.#pagesFor(group, all);
      const buffer = await this.#create(`adapters ${group.bit}`, count * group.pageWords);
      this.#pools.set(group.bit, { group, buffer, pages: createPagePool(count) });
    }
    for (const { group, pages } of adapter.groups) {
      const value = pages.length / group.pageWords;
      const limit = this.#pagesFor(group, all);
      if (value > limit)
        throw new EngineError(
          'adapter-too-large',
          `adapter of ${value} pages, ${limit} in all; take one of a lower rank`,
          {
            value,
            limit,
          },
        );
    }
    if (missing.length === 0 && this.#forward) return;
    const groups = [...this.#pools.values()].map(({ group, buffer }) => ({ group, pool: buffer }));
    this.#forward = await this.#init.prepare({ ...this.#shared, groups });
  }

  /** Room for some adapters of rank 16, at least for one of rank 64, and within one binding. */
  #pagesFor(group: AdapterGroup, all: readonly AdapterGroup[]): number {
    const { layers } = this.#init.config;
    const unitBytes = 4 * all.reduce((sum, { pageWords }) => sum + pageWords, 0);
    const wanted = Math.min(layers * 2 * MOST_RESIDENT, Math.floor(POOL_BYTES / unitBytes));
    const bindable = Math.floor(MAX_BINDING_BYTES / (4 * group.pageWords));
    return Math.min(bindable, Math.max(layers * MAX_RANK_PAGES, wanted));
  }

  async #createShared(): Promise<Omit<AdapterBuffers, 'groups'>> {
    const { config, limits, queue } = this.#init;
    const words = limits.slots * this.#tableWords;
    const table = await this.#create('adapter_table', words);
    queue.writeBuffer(table, 0, new Uint32Array(words).fill(NO_PAGE));
    const shrunk = await this.#create('shrunk', limits.maxRows * 3 * 64);
    return { table, shrunk, gateUp: await this.#create('gate_up', limits.maxRows * 2 * config.ffnWidth) };
  }

  #create(label: string, floats: number): Promise<GPUBuffer> {
    return this.#init.memory.create(label, floats * 4, BUFFER_USAGE.STORAGE | BUFFER_USAGE.COPY_DST);
  }

  #upload(adapter: PackedAdapter): Resident | undefined {
    if (!this.#makeRoom(adapter)) return undefined;
    const table = new Uint32Array(this.#tableWords).fill(NO_PAGE);
    const taken = new Map<Pool, readonly number[]>();
    let bits = 0;
    for (const { group, pagesOfLayer, pages } of adapter.groups) {
      const pool = present(this.#pools.get(group.bit), 'pool of adapters');
      const numbers = present(pool.pages.take(pages.length / group.pageWords), 'free pages');
      taken.set(pool, numbers);
      bits |= group.bit;
      for (const [i, page] of numbers.entries()) {
        const at = i * group.pageWords;
        this.#init.queue.writeBuffer(pool.buffer, page * group.pageWords * 4, pages, at, group.pageWords);
      }
      let next = 0;
      for (const [layer, count] of pagesOfLayer.entries()) {
        const from = layer * TABLE_WORDS_PER_LAYER + Math.log2(group.bit) * MAX_RANK_PAGES;
        table.set(numbers.slice(next, next + count), from);
        next += count;
      }
    }
    const resident = { table, pages: taken, bits, users: 0, lastUse: this.#clock++ };
    this.#residents.set(adapter, resident);
    return resident;
  }

  #makeRoom(adapter: PackedAdapter): boolean {
    const lacks = () =>
      adapter.groups.some(({ group, pages }) => {
        const pool = present(this.#pools.get(group.bit), 'pool of adapters');
        return pool.pages.free < pages.length / group.pageWords;
      });
    while (lacks()) {
      const idle = [...this.#residents].filter(([, { users }]) => users === 0);
      const [first] = idle.toSorted(([, a], [, b]) => a.lastUse - b.lastUse);
      if (!first) return false;
      this.#residents.delete(first[0]);
      for (const [pool, numbers] of first[1].pages) pool.pages.giveBack(numbers);
    }
    return true;
  }
}
