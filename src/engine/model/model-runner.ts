import { BUFFER_USAGE, type GpuMemory } from '../../gpu/index.ts';
import type { AdapterBank } from '../adapters/adapter-bank.ts';
import type { ModelConfig } from './config.ts';
import { drawWords, type Draw } from './draw-words.ts';
import type { ForwardPass } from './forward.ts';
import { PAGE_TOKENS, type RunState } from './run-state.ts';
import { createReadback, type Readback } from './readback.ts';
import { fillRows } from './step-rows.ts';
import type { StepRow } from './step-rows.ts';

/** The next token after a row. */
export interface Pick {
  readonly id: number;
  /** False if f32 cannot tell what f64 would draw: draw it again from the logits. */
  readonly isCertain: boolean;
  /** Natural; 0 unless the slot's draw wants it. */
  readonly logProbability: number;
}

/** What a step gives for each row that wanted logits, in order. */
export interface StepResult {
  readonly picks: readonly Pick[];
  /** (vocabulary) of each row that asked to read them, (width) of one that asked for its final state. */
  readonly logits: readonly (Float32Array | undefined)[];
}

/** A step that was submitted; steps are computed in the order of their submission. */
export interface SubmittedStep {
  /** @throws {GpuError} `device-lost` */
  readonly result: Promise<StepResult>;
}

/** A loaded model: steps of one submit each, several of which may be under way. */
export interface ModelRunner {
  readonly config: ModelConfig;
  readonly state: RunState;
  readonly dispatches: number;
  /** Adapters that slots run with. */
  readonly adapters: AdapterBank;
  /** Which pages of the cache hold a slot's positions, in order. Takes effect with the next step. */
  setPages(slot: number, pages: readonly number[]): void;
  /** How a slot's tokens are drawn from the next step on. */
  setDraw(slot: number, draw: Draw): void;
  /** Which ids a slot may draw if its draw is masked: bit i mod 32 of word ⌊i / 32⌋. */
  setMask(slot: number, words: Uint32Array<ArrayBuffer>): void;
  /** @throws {GpuError} `device-lost`, `out-of-memory` */
  submit(rows: readonly StepRow[]): Promise<SubmittedStep>;
}

interface Parts {
  readonly device: GPUDevice;
  readonly config: ModelConfig;
  readonly state: RunState;
  readonly forward: ForwardPass;
  readonly adapters: AdapterBank;
  readonly memory: GpuMemory;
}

/** Steps that may be under way at once, each with a staging buffer of its own. */
export const MAX_STEPS_AHEAD = 4;

export async function createModelRunner(parts: Parts): Promise<ModelRunner> {
  const { device, config, state, forward, adapters, memory } = parts;
  const { queue } = device;
  const { limits } = state;
  const rowWords = new Uint32Array(limits.maxRows * 4);
  const pagesPerSlot = limits.contextTokens / PAGE_TOKENS;
  const maskWords = Math.ceil(config.vocabulary / 32);
  const { MAP_READ, COPY_DST } = BUFFER_USAGE;
  const stagings: Readback[] = [];
  for (let i = 0; i < MAX_STEPS_AHEAD; i++) {
    const buffer = await memory.create('picks_staging', state.picks.size, MAP_READ | COPY_DST);
    stagings.push(createReadback(buffer));
  }
  let turn = 0;
  let logitsStaging: Readback | undefined;
  let statesStaging: Readback | undefined;

  const submit = async (rows: readonly StepRow[]): Promise<SubmittedStep> => {
    const staging = stagings[turn++ % MAX_STEPS_AHEAD];
    await staging?.whenFree();
    const wanted = rows.filter(({ wantsLogits }) => wantsLogits);
    const groups = groupsToRead(wanted.map(({ readsLogits, readsState }) => readsLogits && !readsState));
    const stateGroups = groupsToRead(wanted.map(({ readsState }) => readsState ?? false));
    if (stateGroups.length > 0) {
      await statesStaging?.whenFree();
      const { size } = state.finalNormed;
      statesStaging ??= createReadback(await memory.create('states_staging', size, MAP_READ | COPY_DST));
    }
    if (groups.length > 0) {
      await logitsStaging?.whenFree();
      logitsStaging ??= createReadback(await memory.create('logits_staging', state.logits.size, MAP_READ | COPY_DST));
    }
    queue.writeBuffer(state.rows, 0, rowWords, 0, fillRows(rowWords, rows) * 4);
    const encoder = device.createCommandEncoder({ label: 'step' });
    const pass = encoder.beginComputePass({ label: 'step' });
    const adapterGroups = adapters.groupsOf(rows.map(({ slot }) => slot));
    const commands = adapterGroups === 0 ? forward : adapters.forward;
    commands.encode(pass, { rows: rows.length, logitRows: wanted.length, adapterGroups });
    pass.end();
    if (wanted.length > 0) staging?.copy(encoder, [{ source: state.picks, at: 0, sizeBytes: wanted.length * 16 }]);
    const groupBytes = 16 * config.vocabulary;
    const copies = groups.map((group) => ({ source: state.logits, at: group * groupBytes, sizeBytes: groupBytes }));
    if (copies.length > 0) logitsStaging?.copy(encoder, copies);
    const stateBytes = 16 * config.width;
    const stateCopies = stateGroups.map((group) => ({
      source: state.finalNormed,
      at: group * stateBytes,
      sizeBytes: stateBytes,
    }));
    if (stateCopies.length > 0) statesStaging?.copy(encoder, stateCopies);
    queue.submit([encoder.finish()]);
    const read = async (): Promise<StepResult> => {
      if (wanted.length === 0) {
        await queue.onSubmittedWorkDone();
        return { picks: [], logits: [] };
      }
      const [words, numbers, states] = await Promise.all([
        staging?.read(),
        copies.length > 0 ? logitsStaging?.read() : undefined,
        stateCopies.length > 0 ? statesStaging?.read() : undefined,
      ]);
      const logits = new Float32Array(numbers ?? new ArrayBuffer(0));
      const finals = new Float32Array(states ?? new ArrayBuffer(0));
      const column = (m: number) => (wanted.length === 1 ? undefined : m & 3);
      return {
        picks: picksOf(new Uint32Array(words ?? new ArrayBuffer(0))),
        logits: wanted.map(({ readsLogits, readsState }, m) => {
          if (readsState) return columnOf(finals, stateGroups.indexOf(m >> 2), column(m), config.width);
          return readsLogits ? columnOf(logits, groups.indexOf(m >> 2), column(m), config.vocabulary) : undefined;
        }),
      };
    };
    return { result: read() };
  };
  return {
    config,
    state,
    dispatches: forward.dispatches,
    adapters,
    setPages: (slot, pages) => queue.writeBuffer(state.pageTable, slot * pagesPerSlot * 4, Uint32Array.from(pages)),
    setDraw: (slot, draw) => {
      const words = drawWords(draw);
      queue.writeBuffer(state.draws, slot * words.byteLength, words);
    },
    setMask: (slot, words) => queue.writeBuffer(state.masks, slot * maskWords * 4, words),
    submit,
  };
}

/** Groups of four logit rows of which one is read. */
function groupsToRead(reads: readonly boolean[]): number[] {
  return [...new Set(reads.flatMap((isRead, m) => (isRead ? [m >> 2] : [])))];
}

function picksOf(words: Uint32Array): Pick[] {
  const floats = new Float32Array(words.buffer);
  return Array.from({ length: words.length / 4 }, (_, m) => ({
    id: words[4 * m] ?? 0,
    isCertain: words[4 * m + 1] === 1,
    logProbability: floats[4 * m + 2] ?? 0,
  }));
}

/** Logits of one row from (groups, N, columns); a single row of a step is its own group. */
function columnOf(grouped: Float32Array, group: number, column: number | undefined, n: number): Float32Array {
  const from = group * 4 * n;
  if (column === undefined) return grouped.slice(from, from + n);
  return Float32Array.from({ length: n }, (_, i) => grouped[from + 4 * i + column] ?? 0);
}
