import { WEIGHT_FORMATS } from '../../engine/index.ts';
import { defineKernel } from '../../gpu/index.ts';
import type { TensorType } from '../../weights/index.ts';
import nf4 from '../../../shaders/lib/weight_nf4.wgsl?raw';
import quantiseNf4 from '../../../shaders/train_quantise_nf4.wgsl?raw';

/** How a frozen matrix lies on the GPU: as GGUF has it, or in NF4 with double quantisation. */
export type WeightFormat = TensorType | 'NF4';

export const FROZEN_FORMATS = { ...WEIGHT_FORMATS, NF4: { name: 'weight_nf4.wgsl', code: nf4 } } as const;

/** Codes and magnitudes of blocks of 64. Dispatch over blocks invocations. */
export const quantiseNf4Kernel = defineKernel({
  name: 'train_quantise_nf4',
  params: { blocks: 'u32', runs: 'u32', k4: 'u32', half_base: 'u32' },
  bindings: ['read', 'read_write', 'read_write'],
  variants: { format: { F32: WEIGHT_FORMATS.F32, F16: WEIGHT_FORMATS.F16, BF16: WEIGHT_FORMATS.BF16 } },
  aliases: {},
  overrides: {},
  kernel: { name: 'train_quantise_nf4.wgsl', code: quantiseNf4 },
});
