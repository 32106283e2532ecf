import type { BenchReport, BenchRow, DeviceReport } from '../engine/index.ts';

/** What a person may export: the GPU as the browser names it, and every line. */
export interface GpuMeasurement extends BenchReport {
  readonly gpu: DeviceReport;
  readonly browser: string;
  /** ISO 8601 */
  readonly at: string;
}

const TYPES = ['Q4_0', 'Q8_0'] as const;
const BATCHES = [1, 4, 8, 16] as const;
const LINE_MS = 1_000;
/** A GPU in software takes seconds for a layer. */
const SOFTWARE = { layers: 1, vocabulary: 2048 };

/**
 * Measures this GPU in a worker of its own, which ends with it: decode steps of random models, each checked before it is
 * timed. Nothing is downloaded.
 *
 * @throws {GpuError}, {EngineError} `kernel-wrong`; AbortError
 */
export async function measureGpu(onRow: (row: BenchRow) => void, signal: AbortSignal): Promise<GpuMeasurement> {
  const [{ proxy }, { startEngine }] = await Promise.all([import('comlink'), import('./engine-client.ts')]);
  signal.throwIfAborted();
  const engine = startEngine();
  const stopped = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
  });
  try {
    const gpu = await Promise.race([engine.api.probe(), stopped]);
    const options = {
      shapes: gpu.isSoftware ? (['135M'] as const) : (['135M', '1B'] as const),
      types: TYPES,
      batches: BATCHES,
      budgetMs: LINE_MS,
      ...(gpu.isSoftware ? SOFTWARE : {}),
    };
    const report = await Promise.race([engine.api.benchmark(options, proxy(onRow)), stopped]);
    return { gpu, browser: navigator.userAgent, at: new Date().toISOString(), ...report };
  } finally {
    engine.terminate();
  }
}
