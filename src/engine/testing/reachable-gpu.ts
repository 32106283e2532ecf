/** The realm's GPU, whose devices a test can reach and change as they are opened. */
export function reachableGpu(change: (device: GPUDevice) => void = () => undefined): {
  gpu: GPU;
  devices: GPUDevice[];
} {
  const devices: GPUDevice[] = [];
  const gpu = {
    wgslLanguageFeatures: navigator.gpu.wgslLanguageFeatures,
    requestAdapter: async () => {
      const adapter = await navigator.gpu.requestAdapter();
      if (!adapter) return null;
      const requestDevice = async (descriptor?: GPUDeviceDescriptor) => {
        const device = await adapter.requestDevice(descriptor);
        change(device);
        devices.push(device);
        return device;
      };
      return { features: adapter.features, limits: adapter.limits, info: adapter.info, requestDevice };
    },
  };
  return { gpu: gpu as unknown as GPU, devices };
}
