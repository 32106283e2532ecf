import { existsSync } from 'node:fs';
import { create } from 'webgpu';
import { GpuError } from '../gpu/index.ts';

/** Software drivers to fall back on: Mesa's lavapipe (has f16 and subgroups), Debian Chromium's SwiftShader. */
const SOFTWARE_DRIVERS = [
  '/usr/share/vulkan/icd.d/lvp_icd.json',
  '/usr/share/vulkan/icd.d/lvp_icd.x86_64.json',
  '/usr/lib/chromium/vk_swiftshader_icd.json',
];

/** Dawn's adapters live as long as its instance: never collected. */
const instances: GPU[] = [];

/**
 * Dawn's `GPU`, what `navigator.gpu` is in a browser. Takes the machine's own driver, or the one that
 * `VK_DRIVER_FILES` names, and a software one if there is none.
 *
 * @throws {GpuError} `no-adapter`
 */
export async function openDawn(): Promise<GPU> {
  const own = await usable();
  if (own) return own;
  for (const driver of SOFTWARE_DRIVERS.filter(existsSync)) {
    process.env['VK_DRIVER_FILES'] = driver;
    const software = await usable();
    if (software) return software;
  }
  throw new GpuError(
    'no-adapter',
    'Dawn finds no Vulkan driver that it can use; install the GPU’s own, or Chromium for a software one, ' +
      'or name one in VK_DRIVER_FILES',
  );
}

async function usable(): Promise<GPU | undefined> {
  const gpu = create([]);
  instances.push(gpu);
  const adapter = await gpu.requestAdapter();
  if (adapter?.info.isFallbackAdapter || adapter?.info.description.includes('llvmpipe')) waitPolitely();
  return adapter ? gpu : undefined;
}

const POLL_MS = 0.5;
let isPolite = false;

/**
 * Dawn asks for finished work in every turn of the event loop: a whole core, which a software GPU needs itself. This
 * sleeps a little in each turn; measured with lavapipe on two cores, training goes twice as fast.
 */
function waitPolitely(): void {
  if (isPolite) return;
  isPolite = true;
  const never = new Int32Array(new SharedArrayBuffer(4));
  const turn = () => {
    Atomics.wait(never, 0, 0, POLL_MS);
    setImmediate(turn).unref();
  };
  turn();
}
