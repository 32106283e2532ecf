import { createGpuMemory, GpuError, type GpuDevice, type PipelineCache } from '../../gpu/index.ts';
import type { GgufHeader } from '../../weights/index.ts';
import { EngineError } from '../errors.ts';
import type { ModelConfig } from '../model/config.ts';
import type { KvType } from '../model/kv-type.ts';
import type { ModelRunner } from '../model/model-runner.ts';
import { prepareRunner } from '../model/prepare-runner.ts';
import { reductionLabel, type Reduction } from '../model/reduction.ts';
import { allocateRunState, PAGE_TOKENS } from '../model/run-state.ts';
import type { StepRow } from '../model/step-rows.ts';
import { planTensors } from '../model/tensor-plan.ts';
import { allocateWeights } from '../model/weights-view.ts';
import { sampleToken } from '../sampler/sample-token.ts';
import { knownAnswers, type KnownAnswers } from './known-answers.ts';

/**
 * Natural log-probabilities may be off by this: f32 sums of a few hundred terms through a few layers make 1e-5. Where the
 * cache rounds, a key or value at the middle between two numbers may go the other way than the reference's.
 */
const TOLERANCES: Readonly<Record<KvType, number>> = { f32: 1e-4, f16: 1e-3, int8: 1e-2 };
/**
 * The least where products round: in f16 each factor is off by 2^-11 of itself; to int8 an input at the middle between two
 * numbers may go the other way than the reference's, as in the cache.
 */
const PRODUCT_TOLERANCES = { f32: 0, f16: 2e-2, int8: 1e-2 } as const;
const SLOTS = 2;
const MAX_ROWS = 24;
const DRAWS = [
  { temperature: 0, topK: 0, topP: 1, seed: 0 },
  { temperature: 0.9, topK: 40, topP: 0.95, seed: 7 },
] as const;
/** Rows of each slot in each step: every tiling, across the border of a page, alone and beside another. */
const STEPS = [
  [11, 2],
  [7, 0],
  [1, 1],
  [1, 3],
  [1, 0],
] as const;
/** Tokens of each slot's sequence. */
const LENGTHS = DRAWS.map((_, slot) => STEPS.reduce((sum, rows) => sum + (rows[slot] ?? 0), 0));
/** This step asks only for its last row, so that wide steps with a narrow head are run too. */
const NARROW_STEP = 1;

/**
 * Finds the first of `candidates` that computes a model's kernels rightly on this very device: a tiny model of the same
 * kind runs through every one of them, its answers compared with the f64 reference.
 *
 * @throws {EngineError} `kernel-wrong` if none does, with what each was off by; {GpuError} `device-lost`
 */
export async function chooseTested(
  gpu: GpuDevice,
  cache: PipelineCache,
  header: Pick<GgufHeader, 'tensors'>,
  config: ModelConfig,
  candidates: readonly Reduction[],
  kvType: KvType = 'f32',
): Promise<Reduction> {
  const faults: string[] = [];
  for (const reduction of candidates) {
    const hasInt8Products = reduction.products === 'int8';
    const known = knownAnswers(header, config, LENGTHS, { kvType, hasInt8Products });
    const fault = await faultOf(gpu, cache, known, { reduction, kvType });
    if (!fault) return reduction;
    faults.push(`${reductionLabel(reduction)}: ${fault}`);
  }
  throw new EngineError(
    'kernel-wrong',
    `this GPU computes wrongly and is not used (${faults.join('; ')}); update its driver, or report it`,
  );
}

async function faultOf(
  gpu: GpuDevice,
  cache: PipelineCache,
  known: KnownAnswers,
  { reduction, kvType }: { readonly reduction: Reduction; readonly kvType: KvType },
): Promise<string | undefined> {
  const memory = createGpuMemory(gpu.device);
  const { config, tensors } = known;
  const { queue } = gpu.device;
  try {
    const plan = planTensors({ tensors }, config);
    const { view, sinks } = await allocateWeights(plan, config.rotary / 2, queue, memory);
    for (const { name, type, dims } of tensors) {
      const bytes = known.bytes.get(name);
      for (const sink of sinks.get(name) ?? []) if (bytes) sink(type, { first: 0, count: dims[1] ?? 1 }, bytes);
    }
    const contextTokens = config.contextTokens;
    const pages = (SLOTS * contextTokens) / PAGE_TOKENS;
    const limits = { slots: SLOTS, contextTokens, pages, kvType, maxRows: MAX_ROWS, maxLogitRows: MAX_ROWS };
    const state = await allocateRunState(config, limits, view.ropeFactors, queue, memory);
    const { device } = gpu;
    const runner = await prepareRunner({ device, cache, memory, config, weights: view, state, reduction });
    const tolerance = Math.max(TOLERANCES[kvType], PRODUCT_TOLERANCES[reduction.products ?? 'f32']);
    return await compare(runner, known, tolerance);
  } catch (error) {
    if (gpu.lostError) throw gpu.lostError;
    if (error instanceof GpuError && error.code === 'shader-invalid') return error.message;
    throw error;
  } finally {
    memory.freeAll();
  }
}

async function compare(
  runner: ModelRunner,
  { config, tokens, answers }: KnownAnswers,
  tolerance: number,
): Promise<string | undefined> {
  const pagesPerSlot = config.contextTokens / PAGE_TOKENS;
  for (const [slot, sampling] of DRAWS.entries()) {
    // Pages in an order of their own.
    runner.setPages(
      slot,
      Array.from({ length: pagesPerSlot }, (_, i) => SLOTS * (pagesPerSlot - 1 - i) + slot),
    );
    runner.setDraw(slot, { sampling, record: slot, wantsLogProbability: true, isMasked: false });
  }
  const at = DRAWS.map(() => 0);
  for (const [step, counts] of STEPS.entries()) {
    const rows: StepRow[] = counts.flatMap((count, slot) =>
      Array.from({ length: count }, (_, i) => {
        const position = (at[slot] ?? 0) + i;
        const wantsLogits = step !== NARROW_STEP || i === count - 1;
        return { token: tokens[slot]?.[position] ?? 0, slot, position, wantsLogits, readsLogits: wantsLogits };
      }),
    );
    counts.forEach((count, slot) => (at[slot] = (at[slot] ?? 0) + count));
    const { picks, logits } = await (await runner.submit(rows)).result;
    for (const [i, { slot, position }] of rows.filter(({ wantsLogits }) => wantsLogits).entries()) {
      const fault = faultOfRow(logits[i], picks[i], answers[slot]?.[position], { slot, position, tolerance });
      if (fault) return fault;
    }
  }
  return undefined;
}

function faultOfRow(
  logits: Float32Array | undefined,
  pick: { readonly id: number; readonly isCertain: boolean; readonly logProbability: number } | undefined,
  expected: Float64Array | undefined,
  { slot, position, tolerance }: { readonly slot: number; readonly position: number; readonly tolerance: number },
): string | undefined {
  if (!logits || !pick || !expected) return 'an answer is missing';
  const top = logits.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY);
  const logMass = top + Math.log(logits.reduce((sum, v) => sum + Math.exp(v - top), 0));
  const off = expected.reduce((most, v, id) => Math.max(most, Math.abs((logits[id] ?? Number.NaN) - logMass - v)), 0);
  if (!(off <= tolerance)) return `log-probabilities are off by ${off.toExponential(1)}, limit ${tolerance}`;
  const sampling = DRAWS[slot] ?? DRAWS[0];
  const drawn = sampleToken(logits, sampling, { record: slot, position: position + 1 });
  if (pick.isCertain && pick.id !== drawn) return `token ${pick.id} was drawn where ${drawn} is right`;
  const offPick = Math.abs(pick.logProbability - ((logits[pick.id] ?? Number.NaN) - logMass));
  return offPick <= TOLERANCES.f32 ? undefined : `a token's log-probability is off by ${offPick.toExponential(1)}`;
}
