import type { Device } from './device.ts';
import type { StarlingNode } from './starling-node.ts';

export type OwnModels = Pick<
  StarlingNode,
  'download' | 'takeModelFile' | 'cancelDownload' | 'deleteModel' | 'exportModel' | 'shareAdapter' | 'withdrawAdapter'
>;

export interface OwnModelsInit {
  /** Undefined as long as nothing has needed the device's parts. */
  readonly device: () => Device | undefined;
  readonly open: () => Promise<Device>;
  /** In the swarm too. */
  readonly join: () => Promise<Device>;
  /** The room on this device is another now. */
  readonly onStored: () => Promise<void>;
  /** `isGrave`: shown until the next thing that the person does, rather than noted. */
  readonly onProblem: (error: unknown, isGrave: boolean) => void;
}

/** The models and adapters that the person keeps on this device. */
export function createOwnModels({ device: opened, open, join, onStored, onProblem }: OwnModelsInit): OwnModels {
  return {
    async download(root) {
      const device = await open();
      await device.shelf.download(root).catch((error: unknown) => onProblem(error, false));
      await onStored();
    },
    async takeModelFile(file) {
      await (await open()).shelf.takeFile(file);
      await onStored();
    },
    async cancelDownload(root) {
      await opened()?.shelf.cancel(root);
    },
    async deleteModel(root) {
      const device = await open();
      await device.shelf.delete(root).catch((error: unknown) => onProblem(error, true));
      await onStored();
    },
    exportModel: async (root) => (await open()).shelf.export(root),
    async shareAdapter(root) {
      await (await join()).shared.share(root);
    },
    async withdrawAdapter(root) {
      await opened()?.shared.withdraw(root);
    },
  };
}
