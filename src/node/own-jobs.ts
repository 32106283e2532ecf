import type { JobId } from '../base/branded.ts';
import type { Device } from './device.ts';
import { NodeError } from './errors.ts';
import type { StarlingNode } from './starling-node.ts';

export type OwnJobs = Pick<StarlingNode, 'submitBatch' | 'resumeJob' | 'cancelJob' | 'removeJob' | 'jobFiles'>;

export interface OwnJobsInit {
  /** Undefined as long as nothing has needed the device's parts. */
  readonly device: () => Device | undefined;
  readonly open: () => Promise<Device>;
  /** Also into the swarm, for a job that others may compute. */
  readonly connect: (where: 'swarm' | 'device') => Promise<Device>;
  /** Loads the model of a job that this device computes by itself. */
  readonly prepare: (device: Device, job: JobId) => Promise<void>;
  readonly onProblem: (error: unknown) => void;
}

/** The person's own batches. */
export function createOwnJobs({ device: opened, open, connect, prepare, onProblem }: OwnJobsInit): OwnJobs {
  return {
    async submitBatch(file, where, adapter) {
      const device = await connect(where);
      const only = where === 'device' ? { only: device.self } : {};
      const id = await device.requester.submit({ file, fileName: file.name, adapter, ...only });
      if (where === 'device') await prepare(device, id);
      return id;
    },
    async resumeJob(id) {
      const device = await open();
      const job = device.requester.views().find((view) => view.id === id);
      if (!job) throw new NodeError('unknown-job', `node: no batch ${id} on this device`, {});
      const where = job.only === undefined ? 'swarm' : 'device';
      try {
        await connect(where);
        await device.requester.resume(id);
        if (where === 'device') await prepare(device, id);
      } catch (error) {
        onProblem(error);
      }
    },
    async cancelJob(id) {
      await opened()?.requester.cancel(id);
    },
    async removeJob(id) {
      await opened()?.requester.remove(id);
    },
    jobFiles: async (id) => (await open()).requester.outputFiles(id),
  };
}
