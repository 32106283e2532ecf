import { concatBytes } from '../../base/bytes.ts';
import { createRandom } from '../../base/random.ts';
import type { GpuDevice, PipelineCache } from '../../gpu/index.ts';
import { TENSOR_TYPES, type TensorType } from '../../weights/index.ts';
import { MATMUL_WG, matmulKernel, SHARED_LANES } from '../kernels/matmul.ts';
import { matmulReference } from '../kernels/matmul.reference.ts';
import { packedRow, packRows } from '../model/packing.ts';
import { randomRows } from '../testing/random-weights.ts';
import { group, runKernel, ungroup } from '../testing/run-kernel.ts';

const ROWS = 70;

/**
 * Compares the product over a type with its f64 reference on this very device, before anything is timed.
 *
 * @returns the largest difference as a share of the largest value; f32 sums of a few hundred terms stay below 1e-5
 */
export async function checkProduct(
  gpu: GpuDevice,
  cache: PipelineCache,
  type: TensorType,
  batch: number,
): Promise<number> {
  const k = 2 * Math.max(256, TENSOR_TYPES[type].blockElements);
  const random = createRandom(batch);
  const weights = randomRows(type, ROWS, k, random);
  const x = Array.from({ length: batch }, () => Float32Array.from({ length: k }, () => random.uniform() - 0.5));
  const packed = packRows(type, k, weights);
  const side = batch === 1 ? 1 : 4;
  const groups = batch > 4 ? 2 : 1;
  const reduce = gpu.report.isSoftware ? 'serial' : 'shared';
  const lanes = reduce === 'serial' ? 1 : SHARED_LANES;
  const none = x.map(() => new Float32Array(ROWS));
  const buffers = await runKernel(gpu, cache, {
    kernel: matmulKernel,
    choice: {
      variants: { format: type, epilogue: 'store', reduce },
      aliases: { cols: side === 1 ? 'f32' : 'vec4f' },
      overrides: { LANES: lanes, GROUPS: groups },
    },
    params: { n: ROWS, k4: k / 4, y_stride: ROWS, y_row0: 0, half_base: (ROWS * packedRow(type, k).codesBytes) / 4 },
    buffers: [concatBytes([packed.codes, packed.scales]), group(x, k, side), group(none, ROWS, side)],
    workgroups: [Math.ceil(Math.ceil(ROWS / 4) / (MATMUL_WG / lanes)), Math.ceil(batch / (side * groups))],
  });
  const found = ungroup(buffers[2] ?? new ArrayBuffer(0), batch, ROWS, side);
  let largest = 0;
  let off = 0;
  for (const [m, column] of x.entries()) {
    for (const [i, value] of matmulReference(type, weights, column).entries()) {
      largest = Math.max(largest, Math.abs(value));
      off = Math.max(off, Math.abs(value - (found[m]?.[i] ?? Number.NaN)));
    }
  }
  return off / largest;
}
