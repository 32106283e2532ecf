import { proxy } from 'comlink';
import type { ModelRoot } from '../base/branded.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { DeviceReport, EngineStats, ModelReport, ModelSource } from '../engine/index.ts';
import type { PieceStore } from '../weights/index.ts';
import type { Tokens } from '../work/index.ts';
import { startEngine, type EngineClient } from './engine-client.ts';
import { openTokens } from './model-tokens.ts';

const STATS_PERIOD_MS = 1_000;

/** The engine's worker: started on first use, asked for figures while a model is loaded, ended by `stop`. */
export interface EngineHost {
  readonly client: EngineClient;
  /** What the GPU is; nothing is allocated. @throws errors of `gpu` by name if there is none */
  probe(): Promise<DeviceReport>;
  /** Makes this the one loaded model. */
  load(source: ModelSource, onProgress: (doneBytes: number, totalBytes: number) => void): Promise<ModelReport>;
  loaded(): ModelReport | undefined;
  device(): DeviceReport | undefined;
  stats(): EngineStats | undefined;
  /** Tokens a second when it last had work; 0 before the first. */
  measuredSpeed(): number;
  /** How much of the GPU's time work for others may take, also after the next load. */
  setShare(share: number): void;
  tokens(root: ModelRoot, readHeader: () => Promise<Uint8Array>): Promise<Tokens>;
  /** Frees the GPU: the worker ends. The next use starts another. */
  stop(): void;
}

export interface EngineHostComponents {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where the worker cannot reach them by itself. */
  readonly lent?: PieceStore | undefined;
}

export function createEngineHost(components: EngineHostComponents, onChange: () => void): EngineHost {
  let running: EngineClient | undefined;
  let device: DeviceReport | undefined;
  let report: ModelReport | undefined;
  let stats: EngineStats | undefined;
  let speed = 0;
  let share = 1;
  let cancelStats: (() => void) | undefined;
  const tokens = new Map<ModelRoot, Promise<Tokens>>();
  const engine = () => (running ??= startEngine(components.lent));

  async function readStats(): Promise<void> {
    const next = await running?.api.stats();
    if (next && report) stats = next;
    if (next && next.tokensPerSecond > 0) speed = next.tokensPerSecond;
    onChange();
  }

  return {
    // The executor and the tokenizers outlive a worker: they always talk to the present one.
    client: {
      get api() {
        return engine().api;
      },
      generate: (request, onEvent, signal) => engine().generate(request, onEvent, signal),
      answered: (answer) => engine().answered(answer),
      terminate: () => running?.terminate(),
    },
    async probe() {
      const { api, answered } = engine();
      device = await answered(api.probe());
      onChange();
      return device;
    },
    async load(next, onProgress) {
      if (report?.root === next.root) return report;
      const { api, answered } = engine();
      if (report) await answered(api.unloadModel(report.root));
      await answered(api.setShare(share));
      report = await answered(api.loadModel(next, proxy(onProgress)));
      components.logger.info('a model is on the GPU', { layers: report.layers, slots: report.slots });
      cancelStats ??= components.clock.every(STATS_PERIOD_MS, () => void readStats().catch(() => undefined));
      onChange();
      return report;
    },
    loaded: () => report,
    device: () => device,
    stats: () => stats,
    measuredSpeed: () => speed,
    setShare(value) {
      share = value;
      void running?.api.setShare(value).catch(() => undefined);
    },
    tokens(root, readHeader) {
      const known = tokens.get(root);
      if (known) return known;
      const opening = readHeader().then((header) => openTokens(this.client, root, header));
      tokens.set(root, opening);
      opening.catch(() => tokens.delete(root));
      return opening;
    },
    stop() {
      cancelStats?.();
      cancelStats = undefined;
      running?.terminate();
      running = undefined;
      report = undefined;
      stats = undefined;
      tokens.clear();
      onChange();
    },
  };
}
