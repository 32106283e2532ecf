import type { ModelRoot } from '../base/branded.ts';
import { createDataHold } from './data-hold.ts';
import type { Device } from './device.ts';
import { createDataMeter } from './governor/data-meter.ts';
import type { Throttle } from './governor/throttle.ts';
import type { NodeStorage } from './node-storage.ts';
import type { NodeSnapshot, StartStep } from './snapshot.ts';

/** Free slots and speed change all the time; this often is soon enough for those who choose among peers. */
const ANNOUNCE_PERIOD_MS = 5_000;

/** The one model that this device computes with, and whether others may ask. */
export interface Serving {
  /** Downloads the model if need be and moves it onto the GPU. @throws errors of `gpu`, `weights`, `engine` by name */
  load(device: Device, root: ModelRoot, signal: AbortSignal): Promise<void>;
  /** Takes offers from everybody and says so in the swarm. */
  open(device: Device, root: ModelRoot): void;
  /** Hands back what runs and takes nothing more, or takes offers again. */
  pause(device: Device, isPaused: boolean): void;
  /** Hands back what runs and frees the GPU. */
  close(device: Device): Promise<void>;
}

export function createServing(show: (step: StartStep | undefined) => void, throttle: Throttle): Serving {
  let release: (() => void) | undefined;
  let announcing: ReturnType<typeof setInterval> | undefined;
  let isPaused = false;
  let isResting = false;
  const apply = ({ provider, self }: Device) => {
    if (isPaused) provider.pause();
    else if (isResting) provider.pause(self);
    else provider.resume();
  };
  return {
    async load(device, root, signal) {
      if (device.engine.loaded()?.root === root) return;
      // Before the first byte: a device that cannot compute downloads nothing.
      await device.engine.probe();
      const sizeBytes = device.shelf.models().find((model) => model.root === root)?.sizeBytes ?? 0;
      show({ name: 'download', doneBytes: 0, totalBytes: sizeBytes });
      await device.shelf.download(root, signal);
      signal.throwIfAborted();
      release?.();
      release = device.shelf.hold(root);
      const { slots } = await device.engine.load(await device.shelf.source(root), (doneBytes, totalBytes) =>
        show({ name: 'upload', doneBytes, totalBytes }),
      );
      signal.throwIfAborted();
      show(undefined);
      device.executor.serve(root, slots);
      await device.provider.start();
    },
    open(device, root) {
      device.openTo('everybody');
      device.announce(root);
      isPaused = false;
      const meter = createDataMeter(
        () => device.clock.now(),
        () => localStorage,
      );
      throttle.start({
        clock: device.clock,
        setShare: (share) => device.engine.setShare(share),
        rest(value) {
          isResting = value;
          apply(device);
          if (!isPaused) device.announce(value ? undefined : root);
        },
        // A GPU emulated in software is as slow as the processor is busy, and that is told by its pressure.
        slowdown: () => (device.engine.device()?.isSoftware ? undefined : device.engine.stats()?.slowdown),
        dataUsedBytes: () => meter.read(movedBytes(device)),
        holdData: createDataHold(device, root),
      });
      clearInterval(announcing);
      announcing = setInterval(() => device.repeatAnnouncement(), ANNOUNCE_PERIOD_MS);
    },
    pause(device, value) {
      isPaused = value;
      apply(device);
    },
    async close(device) {
      clearInterval(announcing);
      throttle.stop();
      device.openTo('self');
      device.announce(undefined);
      await device.provider.stop();
      device.executor.serve(undefined, 0);
      device.engine.stop();
      release?.();
      release = undefined;
    },
  };
}

/** Bytes of models that came or went since the page opened. */
function movedBytes({ shelf }: Device): number {
  return shelf
    .models()
    .reduce((sum, each) => sum + each.fromPeersBytes + each.fromWebSeedBytes + each.uploadedBytes, 0);
}

/** What the browser says of its storage, for the shelf. */
export async function readStorage(storage: NodeStorage): Promise<NodeSnapshot['storage']> {
  const { usage, quota } = await storage.quota.estimate();
  if (storage.place === 'memory') return { usedBytes: usage ?? 0, quotaBytes: quota ?? 0, isPersistent: false };
  return { usedBytes: usage ?? 0, quotaBytes: quota ?? 0, isPersistent: await navigator.storage.persisted() };
}
