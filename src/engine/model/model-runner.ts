import { present } from '../../base/invariant.ts';
import { BUFFER_USAGE, MAP_MODE_READ, type GpuMemory } from '../../gpu/index.ts';
import type { ModelConfig } from './config.ts';
import type { ForwardPass } from './forward.ts';
import { PAGE_TOKENS, type RunState } from './run-state.ts';

/** One token to compute: of which sequence (slot), at which position. */
export interface StepRow {
  readonly token: number;
  readonly slot: number;
  readonly position: number;
  /** Ask for the logits after this token. */
  readonly wantsLogits: boolean;
}

/** What a step gives for each row that wanted logits, in order. */
export interface StepResult {
  /** The likeliest tokens. */
  readonly best: Uint32Array;
  /** (rows, vocabulary), if asked for. */
  readonly logits: Float32Array | undefined;
}

/** A loaded model: steps run one at a time, one submit each. */
export interface ModelRunner {
  readonly config: ModelConfig;
  readonly state: RunState;
  readonly dispatches: number;
  /** Which pages of the cache hold a slot's positions, in order. Takes effect with the next step. */
  setPages(slot: number, pages: readonly number[]): void;
  /** @throws {GpuError} `device-lost` */
  step(rows: readonly StepRow[], readLogits: boolean): Promise<StepResult>;
}

interface Parts {
  readonly device: GPUDevice;
  readonly config: ModelConfig;
  readonly state: RunState;
  readonly forward: ForwardPass;
  readonly memory: GpuMemory;
}

export function createModelRunner({ device, config, state, forward, memory }: Parts): ModelRunner {
  const { limits } = state;
  const rowWords = new Uint32Array(limits.maxRows * 4);
  const pagesPerSlot = limits.contextTokens / PAGE_TOKENS;
  let logitsStaging: GPUBuffer | undefined;

  const setPages = (slot: number, pages: readonly number[]) => {
    device.queue.writeBuffer(state.pageTable, slot * pagesPerSlot * 4, Uint32Array.from(pages));
  };

  const writeRows = (rows: readonly StepRow[]) => {
    let listed = 0;
    for (const [m, { token, slot, position, wantsLogits }] of rows.entries()) {
      rowWords.set([token, slot, position], m * 4);
      if (wantsLogits) rowWords[4 * listed++ + 3] = m;
    }
    device.queue.writeBuffer(state.rows, 0, rowWords, 0, rows.length * 4);
    return listed;
  };

  const step = async (rows: readonly StepRow[], readLogits: boolean): Promise<StepResult> => {
    const logitRows = writeRows(rows);
    const logitBytes = Math.ceil(logitRows / 4) * 16 * config.vocabulary;
    if (readLogits) {
      logitsStaging ??= await memory.create(
        'logits_staging',
        state.logits.size,
        BUFFER_USAGE.MAP_READ | BUFFER_USAGE.COPY_DST,
      );
    }
    const encoder = device.createCommandEncoder({ label: 'step' });
    const pass = encoder.beginComputePass({ label: 'step' });
    forward.encode(pass, { rows: rows.length, logitRows });
    pass.end();
    if (logitRows > 0) encoder.copyBufferToBuffer(state.best, 0, state.bestStaging, 0, logitRows * 8);
    if (readLogits && logitsStaging) encoder.copyBufferToBuffer(state.logits, 0, logitsStaging, 0, logitBytes);
    device.queue.submit([encoder.finish()]);
    if (logitRows === 0) {
      await device.queue.onSubmittedWorkDone();
      return { best: new Uint32Array(0), logits: undefined };
    }
    const best = new Uint32Array(await readStaging(state.bestStaging, logitRows * 8)).filter((_, i) => i % 2 === 0);
    if (!readLogits) return { best, logits: undefined };
    const grouped = new Float32Array(await readStaging(present(logitsStaging, 'logits staging'), logitBytes));
    return { best, logits: ungroup(grouped, logitRows, config.vocabulary) };
  };
  return { config, state, dispatches: forward.dispatches, setPages, step };
}

async function readStaging(buffer: GPUBuffer, sizeBytes: number): Promise<ArrayBuffer> {
  await buffer.mapAsync(MAP_MODE_READ, 0, sizeBytes);
  const copy = buffer.getMappedRange(0, sizeBytes).slice(0);
  buffer.unmap();
  return copy;
}

/** (groups, N, columns) as the kernels write it → (rows, N); a single row is its own group. */
function ungroup(grouped: Float32Array, rows: number, n: number): Float32Array {
  if (rows === 1) return grouped.subarray(0, n);
  const out = new Float32Array(rows * n);
  for (let row = 0; row < rows; row++) {
    const from = Math.floor(row / 4) * 4 * n + (row % 4);
    for (let i = 0; i < n; i++) out[row * n + i] = grouped[from + 4 * i] ?? 0;
  }
  return out;
}
