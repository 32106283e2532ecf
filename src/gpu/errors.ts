import { AppError } from '../base/app-error.ts';

/**
 * - `no-webgpu`: this browser or worker has no WebGPU; another browser may.
 * - `no-adapter`: WebGPU is there but no adapter is offered (blocked driver, or lost too often). A restart may help.
 * - `limits-too-low`: the adapter is below WebGPU's own defaults, or a buffer is larger than this device allows.
 * - `out-of-memory`: the device refused an allocation. Unload a model, or take a smaller one.
 * - `device-lost`: the driver reset or the device was destroyed. Everything on it is gone; start again.
 * - `shader-invalid`: a kernel did not compile or link: our bug, or this browser's.
 */
export type GpuErrorCode =
  | 'no-webgpu'
  | 'no-adapter'
  | 'limits-too-low'
  | 'out-of-memory'
  | 'device-lost'
  | 'shader-invalid';

/** `label` names the buffer, limit or kernel to blame; sizes are bytes. */
export interface GpuErrorDetails {
  readonly label?: string;
  readonly value?: number;
  readonly limit?: number;
}

/** Thrown by every function of `gpu`. */
export class GpuError extends AppError<GpuErrorCode, GpuErrorDetails> {
  override readonly name = 'GpuError';

  constructor(code: GpuErrorCode, message: string, details: GpuErrorDetails = {}, options?: ErrorOptions) {
    super(code, `gpu: ${message}`, details, options);
  }
}
