import { AppError, isAbort } from '../base/app-error.ts';
import type { ModelRoot, PeerId } from '../base/branded.ts';
import { bytesToTokens } from '../base/bytes.ts';
import { RealmError } from '../base/realm-errors.ts';
import type { WorkRecord } from '../protocol/index.ts';
import type { Executor, RecordOutcome } from '../work/index.ts';
import type { EngineClient } from './engine-client.ts';
import type { WarmAdapters } from './warm-adapters.ts';

/** What the executor counts, for the person to see. */
export interface ExecutorStats {
  readonly recordsDone: number;
  readonly tokensDone: number;
}

export interface EngineExecutor extends Executor {
  /** Sequences of this model that run at once when nothing else does; 0 if it is not served. */
  slots(model: ModelRoot): number;
  stats(): ExecutorStats;
  /** Which model may be computed with, and how many of its sequences at once; nothing before this is called. */
  serve(model: ModelRoot | undefined, slots: number): void;
}

/** Faults of the device, not of a record: the whole fragment goes back and another peer gets it. */
const DEVICE_FAULTS = new Set([
  'device-lost',
  'no-adapter',
  'out-of-memory',
  'model-not-loaded',
  'engine-stopped',
  'internal',
]);

/** Computes work records on this device's engine; those of `self` are its own person's. */
export function createEngineExecutor(
  engine: EngineClient,
  self: PeerId,
  adapters: Pick<WarmAdapters, 'use'>,
  onDeviceFault: (error: RealmError) => void,
): EngineExecutor {
  let serving: ModelRoot | undefined;
  let slots = 0;
  let running = 0;
  let recordsDone = 0;
  let tokensDone = 0;

  async function compute(
    model: ModelRoot,
    requester: PeerId,
    record: WorkRecord,
    onToken: () => void,
    signal: AbortSignal,
  ) {
    const { adapter } = record;
    let release: (() => void) | undefined;
    let outcome: RecordOutcome | undefined;
    let deviceFault: RealmError | undefined;
    const request = {
      id: crypto.randomUUID(),
      model,
      prompt: bytesToTokens(record.prompt),
      maxTokens: record.maxTokens,
      sampling: { temperature: record.temperature, topK: record.topK, topP: record.topP, seed: record.seed },
      record: record.record,
      stop: record.stop,
      ...(requester === self ? {} : { requester }),
      ...(adapter && { adapter }),
      ...(record.schema === undefined ? {} : { constraint: { schema: parsed(record.schema) } }),
    };
    running += 1;
    try {
      if (adapter) release = await adapters.use(model, adapter, requester === self, signal);
      await engine.generate(
        request,
        (event) => {
          if (event.t === 'token') onToken();
          if (event.t === 'done' && event.finish !== 'cancelled') {
            const { tokens, finish, numericClass } = event;
            outcome = { t: 'result', record: record.record, tokens, finish, numericClass };
          }
          if (event.t === 'failed') {
            const { code, message } = event;
            if (DEVICE_FAULTS.has(code)) {
              deviceFault = new RealmError({ name: 'GpuError', message, code, details: undefined, stack: undefined });
              onDeviceFault(deviceFault);
            } else outcome = { t: 'fault', record: record.record, code, reason: message };
          }
        },
        signal,
      );
    } catch (error) {
      const fault = release ? undefined : adapterFault(record, error);
      if (!fault) throw error;
      outcome = fault;
    } finally {
      release?.();
      running -= 1;
    }
    signal.throwIfAborted();
    if (deviceFault) throw deviceFault;
    return outcome;
  }

  return {
    slots: (model) => (model === serving ? slots : 0),
    freeSlots: (model) => (model === serving ? Math.max(0, slots - running) : 0),
    serve(model, count) {
      serving = model;
      slots = count;
    },
    stats: () => ({ recordsDone, tokensDone }),
    async run(model, requester, records, report, progress, signal) {
      let tokens = 0;
      const onToken = () => {
        tokens += 1;
        tokensDone += 1;
        progress(tokens);
      };
      const stopOthers = new AbortController();
      const all = AbortSignal.any([signal, stopOthers.signal]);
      const runs = records.map(async (record) => {
        const outcome = await compute(model, requester, record, onToken, all);
        if (!outcome) return;
        recordsDone += 1;
        report(outcome);
      });
      try {
        await Promise.all(runs);
      } catch (error) {
        stopOthers.abort();
        await Promise.allSettled(runs);
        signal.throwIfAborted();
        throw error;
      }
    },
  };
}

/** What a record comes to whose adapter this device cannot load; undefined if it is the device that failed. */
function adapterFault({ record, adapter }: WorkRecord, error: unknown): RecordOutcome | undefined {
  if (adapter === undefined || isAbort(error)) return undefined;
  const code = error instanceof AppError || error instanceof RealmError ? error.code : undefined;
  if (code === undefined || DEVICE_FAULTS.has(code)) return undefined;
  return { t: 'fault', record, code: 'adapter-unavailable', reason: `${code}: ${(error as Error).message}` };
}

/** A text that is no JSON stays one: the engine refuses it by name, and that record alone fails. */
function parsed(schema: string): unknown {
  try {
    return JSON.parse(schema) as unknown;
  } catch {
    return schema;
  }
}
