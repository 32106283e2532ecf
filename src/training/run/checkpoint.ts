import * as v from 'valibot';
import type { PieceHash } from '../../base/branded.ts';
import { concatBytes, type Bytes } from '../../base/bytes.ts';
import { sha256Hex } from '../../base/sha256.ts';
import type { PieceStore } from '../../weights/index.ts';
import { TrainingError } from '../errors.ts';
import type { TrainerState } from '../trainer-api.ts';

/** What a run must agree on with its checkpoint, each a content address or the text of settings. */
export interface RunIdentity {
  readonly base: string;
  readonly tokenizer: string;
  readonly rows: string;
  readonly settings: string;
  /** Of the adapter that it began with, if with any. */
  readonly start?: string | undefined;
}

/** A point of the loss curve; the step counts from 1. */
export interface CurvePoint {
  readonly step: number;
  readonly loss: number;
  readonly gradNorm: number;
}

/** A held-out loss after so many steps. */
export interface EvaluationPoint {
  readonly step: number;
  readonly loss: number;
}

/** A run between two steps: with it the curve goes on bit for bit as if it had never been interrupted. */
export interface Checkpoint {
  readonly identity: RunIdentity;
  /** Its step is also the cursor in the data, as a plan says what each step learns. */
  readonly state: TrainerState;
  readonly curve: readonly CurvePoint[];
  readonly evaluations: readonly EvaluationPoint[];
}

/** Where checkpoints are kept, under their SHA-256: the content store, for one. */
export type CheckpointStore = Pick<PieceStore, 'put' | 'read' | 'delete'>;

const MAGIC = 'starling-checkpoint-1\n';
const MAX_HEADER_BYTES = 16 * 1024 * 1024;
const PARTS = ['parameters', 'm', 'v', 'scales'] as const;

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const header = v.object({
  identity: v.object({
    base: v.string(),
    tokenizer: v.string(),
    rows: v.string(),
    settings: v.string(),
    start: v.optional(v.string()),
  }),
  step: count,
  lengths: v.object({ parameters: count, m: count, v: count, scales: count }),
  curve: v.array(v.object({ step: count, loss: v.number(), gradNorm: v.number() })),
  evaluations: v.array(v.object({ step: count, loss: v.number() })),
});

/** Stores a checkpoint. @returns its content address @throws {WeightsError} `quota-exceeded` */
export async function saveCheckpoint(store: CheckpointStore, checkpoint: Checkpoint): Promise<PieceHash> {
  const { identity, state, curve, evaluations } = checkpoint;
  const lengths = Object.fromEntries(PARTS.map((part) => [part, state[part]?.length ?? 0]));
  const head = new TextEncoder().encode(JSON.stringify({ identity, step: state.step, lengths, curve, evaluations }));
  const start = new Uint8Array(MAGIC.length + 4);
  new TextEncoder().encodeInto(MAGIC, start);
  new DataView(start.buffer).setUint32(MAGIC.length, head.byteLength, true);
  const numbers = PARTS.map((part) => {
    const values = state[part] ?? new Float32Array();
    return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  });
  const bytes = concatBytes([start, head, ...numbers]);
  const id = await sha256Hex(bytes);
  await store.put(id, bytes);
  return id;
}

/**
 * Reads a checkpoint, which may come from anywhere.
 *
 * @throws {TrainingError} `checkpoint-invalid` for what is none; {WeightsError} `piece-missing`, `hash-mismatch`
 */
export async function readCheckpoint(store: CheckpointStore, id: PieceHash): Promise<Checkpoint> {
  return parseCheckpoint(await store.read(id));
}

function parseCheckpoint(bytes: Bytes): Checkpoint {
  const refuse = (why: string, cause?: unknown) =>
    new TrainingError('checkpoint-invalid', `this is no checkpoint: ${why}; choose another`, {}, { cause });
  const start = MAGIC.length + 4;
  if (new TextDecoder().decode(bytes.subarray(0, MAGIC.length)) !== MAGIC || bytes.byteLength < start)
    throw refuse('it begins otherwise');
  const headBytes = new DataView(bytes.buffer, bytes.byteOffset).getUint32(MAGIC.length, true);
  if (headBytes > MAX_HEADER_BYTES || start + headBytes > bytes.byteLength) throw refuse('its header is cut off');
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes.subarray(start, start + headBytes)));
  } catch (cause) {
    throw refuse('its header is not JSON', cause);
  }
  const parsed = v.safeParse(header, json);
  if (!parsed.success) throw refuse('its header lacks what a checkpoint has');
  const { identity, step, lengths, curve, evaluations } = parsed.output;
  let at = start + headBytes;
  const take = (part: (typeof PARTS)[number]) => {
    const from = at;
    at += 4 * lengths[part];
    return new Float32Array(bytes.slice(from, at).buffer);
  };
  const total = PARTS.reduce((sum, part) => sum + 4 * lengths[part], at);
  if (total !== bytes.byteLength) throw refuse(`it has ${bytes.byteLength} bytes, ${total} expected`);
  const state = { step, parameters: take('parameters'), m: take('m'), v: take('v') };
  const scales = take('scales');
  return { identity, state: scales.length > 0 ? { ...state, scales } : state, curve, evaluations };
}

/** What must agree, and what a person should do where it does not. */
const MISMATCHES = {
  base: 'was made on another base; load that base',
  tokenizer: 'was made with another tokenizer; load that base',
  rows: 'learned from other rows; choose that data set',
  settings: 'was made with other settings; restore them, or begin a new run',
  start: 'began with another adapter; choose that one',
} as const satisfies Record<keyof RunIdentity, string>;

/**
 * @param mayDiffer whether two texts of settings may differ as they do
 * @throws {TrainingError} `checkpoint-mismatch` for a checkpoint of another run
 */
export function checkIdentity(
  found: RunIdentity,
  expected: RunIdentity,
  mayDiffer: (found: string, expected: string) => boolean = () => false,
): void {
  for (const [name, why] of Object.entries(MISMATCHES) as [keyof RunIdentity, string][]) {
    const isSame = found[name] === expected[name] || (name === 'settings' && mayDiffer(found[name], expected[name]));
    if (!isSame) throw new TrainingError('checkpoint-mismatch', `the checkpoint ${why}`, { name });
  }
}
