import { TrainingError } from '../errors.ts';
import type { AdamwOptions, MomentBits } from '../model/adamw.ts';
import { checkLora, LORA_TARGETS, type LoraOptions } from '../model/lora.ts';
import type { RateSchedule } from './learning-rate.ts';

/** What a person may choose of a run. The same settings, base and rows give the same curve on the same kind of device. */
export interface RunSettings {
  readonly lora: LoraOptions;
  readonly rate: RateSchedule;
  readonly epochs: number;
  /** Positions that a step learns from, in as many micro-batches as they take. */
  readonly stepTokens: number;
  readonly seed: number;
  readonly weightDecay?: number;
  /** The largest norm of the gradients, 1 by default. */
  readonly clip?: number;
  /** 32 by default. */
  readonly momentBits?: MomentBits;
}

/** What may change when a run goes on elsewhere: it does not change what is learned but in the last digits. */
export interface RunSizes {
  /** Positions of a micro-batch. */
  readonly batchTokens: number;
  readonly checkpointing?: boolean;
  /** Refuse as out of memory what takes more, without the base. */
  readonly budgetBytes?: number;
  /** Held-out loss after every so many steps, and at the end; 20 by default. */
  readonly evaluateEvery?: number;
  /** A checkpoint after every so many steps; 20 by default. */
  readonly checkpointEvery?: number;
}

const MAX_EPOCHS = 1000;

/** @throws {TrainingError} `settings-invalid`, `adapter-invalid` */
export function checkSettings(settings: RunSettings, sizes: RunSizes): void {
  checkLora(settings.lora);
  const { peak, warmupSteps = 0, floor = 0 } = settings.rate;
  const whole = (name: string, value: number, least: number, most: number) => {
    if (!Number.isInteger(value) || value < least || value > most) refuse(name, value, `${least} to ${most}`, most);
  };
  if (!(peak > 0) || !Number.isFinite(peak)) refuse('learning rate', peak, 'a positive number', Number.MAX_VALUE);
  if (!(floor >= 0 && floor <= 1)) refuse('floor of the rate', floor, '0 to 1', 1);
  whole('warm-up', warmupSteps, 0, 2 ** 31);
  whole('epochs', settings.epochs, 1, MAX_EPOCHS);
  whole('seed', settings.seed, 0, 2 ** 32 - 1);
  whole('tokens of a step', settings.stepTokens, 1, 2 ** 24);
  whole('tokens of a micro-batch', sizes.batchTokens, 1, 2 ** 20);
  whole('evaluation interval', sizes.evaluateEvery ?? 1, 1, 2 ** 31);
  whole('checkpoint interval', sizes.checkpointEvery ?? 1, 1, 2 ** 31);
}

function refuse(name: string, value: number, expected: string, limit: number): never {
  throw new TrainingError('settings-invalid', `${name} is ${value}; ${expected} expected`, { name, value, limit });
}

/** The settings as a text that is equal exactly where they are, defaults filled in. */
export function settingsText(settings: RunSettings): string {
  const { lora, rate, epochs, stepTokens, seed, weightDecay = 0.01, clip = 1, momentBits = 32 } = settings;
  const { rank, alpha, targets = LORA_TARGETS, isRankStabilised = false } = lora;
  const { peak, warmupSteps = 0, decay = 'cosine', floor = 0 } = rate;
  const chosen = LORA_TARGETS.filter((target) => targets.includes(target));
  return JSON.stringify([
    [rank, alpha, chosen, isRankStabilised],
    [peak, warmupSteps, decay, floor],
    [epochs, stepTokens, seed, weightDecay, clip, momentBits],
  ]);
}

/** Whether two of `settingsText` differ in their learning rates at most. */
export function differInRateOnly(a: string, b: string): boolean {
  const others = (text: string) => JSON.stringify((JSON.parse(text) as unknown[]).toSpliced(1, 1));
  return others(a) === others(b);
}

/** What AdamW takes of the settings. */
export function adamwOptions(settings: RunSettings, learningRate: number): AdamwOptions {
  const { weightDecay, clip } = settings;
  return {
    learningRate,
    ...(weightDecay === undefined ? {} : { weightDecay }),
    ...(clip === undefined ? {} : { clip }),
  };
}
