import { createIdbKeyValue } from '../idb-key-value.ts';
import type { ModelRoot, PieceHash } from '../../base/branded.ts';
import type { RunSettings, RunSizes } from '../../training/index.ts';

/** What a person chose to teach, to whom, and how. */
export interface StudioChoice {
  readonly model: ModelRoot;
  readonly modelName: string;
  readonly fileName: string;
  readonly jsonl: string;
  readonly settings: RunSettings;
  readonly sizes: RunSizes;
  /** The adapter of the shelf to begin with, whose form the settings have. */
  readonly start?: { readonly root: ModelRoot; readonly name: string } | undefined;
}

/** A run that an earlier visit began, as this device keeps it. */
export interface KeptRun {
  readonly choice: StudioChoice;
  readonly checkpoint: PieceHash | undefined;
  /** Steps that the checkpoint has behind it. */
  readonly step: number;
  readonly atMs: number;
}

const KEY = 'run';
/** Of the record; one of another form is forgotten. */
const VERSION = 1;

const store = () => createIdbKeyValue('starling-studio');

/** Keeps the one run that a person may go on with on the next visit. @throws what the browser's storage throws */
export async function keepRun(run: KeptRun): Promise<void> {
  await store().set(KEY, { version: VERSION, run });
}

export async function readKeptRun(): Promise<KeptRun | undefined> {
  const record = (await store().get(KEY)) as { readonly version: number; readonly run: KeptRun } | undefined;
  return record?.version === VERSION ? record.run : undefined;
}

export async function forgetRun(): Promise<void> {
  await store().delete(KEY);
}
