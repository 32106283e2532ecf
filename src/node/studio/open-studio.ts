import type { ChangeSignal } from '../change-signal.ts';
import type { Device } from '../device.ts';
import { createStudio, type Studio } from './studio.ts';

/** The studio of a device: its bases come from the shelf, and whoever waits for an answer goes first. */
export function openStudio({ shelf, engine }: Device, changes: Pick<ChangeSignal, 'on'>): Studio {
  const studio = createStudio({
    async openBase(model) {
      await shelf.download(model);
      return shelf.source(model);
    },
    readConfig: async (model) => (await import('../held-adapter.ts')).readBaseConfig(shelf, model),
    openAdapter: async (root) =>
      (await import('../held-adapter.ts')).openHeldAdapter(shelf, root, new AbortController().signal),
    shelve: shelf.add,
  });
  let wasBusy = false;
  changes.on(() => {
    const isBusy = (engine.stats()?.running ?? 0) > 0;
    if (isBusy !== wasBusy) studio.setBusy(isBusy);
    wasBusy = isBusy;
  });
  return studio;
}
