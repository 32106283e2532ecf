import { existsSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TrainerState } from '../../src/training/index.ts';
import type { CorpusCursor } from './corpus-batches.ts';

/** A run between two steps: with it the curve goes on bit for bit as if it had never been interrupted. */
export interface Checkpoint {
  readonly state: TrainerState;
  readonly cursor: CorpusCursor;
}

const FILE = 'checkpoint.bin';

/** One file, replaced as a whole: step and row as f64, then parameters, m and v as f32. */
export async function saveCheckpoint(folder: string, { state, cursor }: Checkpoint): Promise<void> {
  const head = new Uint8Array(Float64Array.of(state.step, cursor.row).buffer);
  const parts = [state.parameters, state.m, state.v].map(
    (part) => new Uint8Array(part.buffer, part.byteOffset, part.byteLength),
  );
  await writeFile(join(folder, `${FILE}.part`), Buffer.concat([head, ...parts]));
  await rename(join(folder, `${FILE}.part`), join(folder, FILE));
}

/** @returns undefined where the folder has none */
export async function readCheckpoint(folder: string): Promise<Checkpoint | undefined> {
  const path = join(folder, FILE);
  if (!existsSync(path)) return undefined;
  const { buffer, byteOffset, byteLength } = await readFile(path);
  const bytes = buffer.slice(byteOffset, byteOffset + byteLength);
  const [step = 0, row = 0] = new Float64Array(bytes, 0, 2);
  const length = (byteLength - 16) / 12;
  const part = (index: number) => new Float32Array(bytes.slice(16 + index * length * 4, 16 + (index + 1) * length * 4));
  return { state: { step, parameters: part(0), m: part(1), v: part(2) }, cursor: { row } };
}
