import type { AdapterWeights, LoadedWeights, LowRankPair } from '../../engine/index.ts';
import type { GpuDevice, PipelineCache } from '../../gpu/index.ts';
import type { TokenRow } from '../data/token-row.ts';
import { TrainingError } from '../errors.ts';
import { createLoraTrainer } from '../lora-trainer.ts';
import { adapterRoot, rowsRoot } from './content-address.ts';
import { learningRateAt } from './learning-rate.ts';
import { planSteps } from './plan-steps.ts';
import { adamwOptions, checkSettings, type RunSettings } from './run-settings.ts';

/** A bounded number of steps of somebody's run. Data only: everything else is named by its content address. */
export interface FragmentTask {
  readonly base: string;
  /** Of the adapter that the steps begin with. */
  readonly adapter: string;
  /** Of the rows, in their order. */
  readonly rows: string;
  /** The seed, the adapter's form, the rate over the fragment's steps; moments begin at zero. Epochs do not count. */
  readonly settings: Omit<RunSettings, 'epochs'>;
  readonly batchTokens: number;
  readonly steps: number;
}

/** What the steps made of the adapter. */
export interface FragmentResult {
  /** The change of every number: after less before. */
  readonly delta: AdapterWeights;
  /** The content address of `delta`. */
  readonly deltaRoot: string;
  /** The loss of each step, before it. */
  readonly losses: readonly number[];
  /** Labels that were learned from, for weighing results against each other. */
  readonly tokens: number;
  /** Results of one class agree bit by bit. */
  readonly numericClass: string;
}

/** What a fragment needs beside its task. */
export interface FragmentInputs {
  readonly gpu: GpuDevice;
  readonly cache?: PipelineCache;
  readonly base: LoadedWeights;
  readonly baseRoot: string;
  readonly adapter: AdapterWeights;
  readonly rows: readonly TokenRow[];
  readonly signal?: AbortSignal;
}

/** More would take a slow device past any deadline. */
const MAX_STEPS = 200;
/** Changes whenever the arithmetic of a training kernel does. */
const KERNEL_VERSION = 't1';

/**
 * Takes the steps of a task.
 *
 * @throws {TrainingError} `task-mismatch` where an input is not what the task names, `settings-invalid`, `diverged`,
 *   `adapter-invalid`, `no-labels`; {TrainingDataError} `row-too-long`; {GpuError}; AbortError
 */
export async function runFragment(task: FragmentTask, inputs: FragmentInputs): Promise<FragmentResult> {
  const { gpu, cache, base, adapter, rows, signal } = inputs;
  const { batchTokens, steps } = task;
  const settings = { ...task.settings, epochs: 1 };
  checkSettings(settings, { batchTokens });
  if (!Number.isInteger(steps) || steps < 1 || steps > MAX_STEPS) {
    const message = `a fragment of ${steps} steps; 1 to ${MAX_STEPS} expected`;
    throw new TrainingError('settings-invalid', message, { name: 'steps', value: steps, limit: MAX_STEPS });
  }
  const found = { base: inputs.baseRoot, adapter: await adapterRoot(adapter), rows: await rowsRoot(rows) };
  for (const name of ['base', 'adapter', 'rows'] as const) {
    if (found[name] === task[name]) continue;
    const message = `the ${name} at hand is ${found[name]}, the task names ${task[name]}; fetch that`;
    throw new TrainingError('task-mismatch', message, { name });
  }
  const { lora, seed, momentBits = 32 } = settings;
  const trainer = await createLoraTrainer({
    gpu,
    ...(cache ? { cache } : {}),
    base,
    lora,
    adapter,
    batchTokens,
    momentBits,
    checkpointing: true,
  });
  try {
    const perEpoch = planSteps(rows, seed, 1, settings.stepTokens).steps;
    const plan = planSteps(rows, seed, Math.ceil(steps / Math.max(1, perEpoch)), settings.stepTokens);
    const losses: number[] = [];
    let tokens = 0;
    for (let step = 1; step <= steps; step++) {
      const options = adamwOptions(settings, learningRateAt(settings.rate, step, steps));
      const report = await trainer.step(plan.batchesOf(step, batchTokens), options, signal);
      losses.push(report.loss);
      tokens += report.tokens;
    }
    const delta = difference(await trainer.readAdapter(), adapter);
    const { vendor, architecture, isSoftware } = gpu.report;
    const numericClass = [KERNEL_VERSION, isSoftware ? 'serial' : 'shared', vendor, architecture].join('/');
    return { delta, deltaRoot: await adapterRoot(delta), losses, tokens, numericClass };
  } finally {
    trainer.close();
  }
}

/** What somebody says that a task gave. */
export type FragmentClaim = Pick<FragmentResult, 'deltaRoot' | 'losses' | 'numericClass'>;

/**
 * Takes the steps again and compares every bit. Only a device of the claim's own class can.
 *
 * @throws {TrainingError} `claim-invalid` with the first step that differs, `task-mismatch` for a claim of another class;
 *   and as `runFragment`
 */
export async function checkFragment(task: FragmentTask, claim: FragmentClaim, inputs: FragmentInputs): Promise<void> {
  const result = await runFragment(task, inputs);
  if (claim.numericClass !== result.numericClass) {
    const message = `the claim is of class ${claim.numericClass}, this device of ${result.numericClass}; ask another`;
    throw new TrainingError('task-mismatch', message, { name: 'numericClass' });
  }
  const differing = result.losses.findIndex((loss, i) => !Object.is(loss, claim.losses[i]));
  const step = claim.losses.length === result.losses.length && differing < 0 ? undefined : differing + 1;
  if (step !== undefined)
    throw new TrainingError('claim-invalid', `the loss of step ${step} is not what the task gives`, { value: step });
  if (claim.deltaRoot !== result.deltaRoot)
    throw new TrainingError('claim-invalid', 'the change of the adapter is not what the task gives', { name: 'delta' });
}

function difference(after: AdapterWeights, before: AdapterWeights): AdapterWeights {
  const less = (a: Float32Array, b: Float32Array | undefined) => a.map((value, i) => value - (b?.[i] ?? 0));
  return new Map(
    [...after].map(([name, pair]): [string, LowRankPair] => {
      const old = before.get(name);
      return [
        name,
        { ...pair, a: Float32Array.from(less(pair.a, old?.a)), b: Float32Array.from(less(pair.b, old?.b)) },
      ];
    }),
  );
}
