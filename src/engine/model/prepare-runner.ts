import type { GpuMemory, PipelineCache } from '../../gpu/index.ts';
import { AdapterBank } from '../adapters/adapter-bank.ts';
import type { AdapterBuffers } from '../adapters/adapter-buffers.ts';
import type { ModelConfig } from './config.ts';
import { prepareForward } from './forward.ts';
import { createModelRunner, type ModelRunner } from './model-runner.ts';
import type { Reduction } from './reduction.ts';
import type { RunState } from './run-state.ts';
import type { WeightsView } from './weights-view.ts';

interface Parts {
  readonly device: GPUDevice;
  readonly cache: PipelineCache;
  readonly memory: GpuMemory;
  readonly config: ModelConfig;
  readonly weights: WeightsView;
  readonly state: RunState;
  readonly reduction: Reduction;
}

/** Compiles a model's steps, with and without adapters, and makes them ready to run. @throws {GpuError} */
export async function prepareRunner({ device, ...parts }: Parts): Promise<ModelRunner> {
  const { queue } = device;
  const { config, state, memory } = parts;
  const all = { ...parts, queue };
  const forward = await prepareForward(all);
  const prepare = (buffers: AdapterBuffers) => prepareForward(all, buffers);
  const adapters = new AdapterBank({ config, limits: state.limits, queue, memory, prepare });
  return await createModelRunner({ device, config, state, forward, adapters, memory });
}
