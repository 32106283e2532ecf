import type { ShaderFile } from '../../gpu/index.ts';
import type { TensorType } from '../../weights/index.ts';
import bf16 from '../../../shaders/lib/weight_bf16.wgsl?raw';
import f16 from '../../../shaders/lib/weight_f16.wgsl?raw';
import f32 from '../../../shaders/lib/weight_f32.wgsl?raw';
import q4k from '../../../shaders/lib/weight_q4_k.wgsl?raw';
import q40 from '../../../shaders/lib/weight_q4_0.wgsl?raw';
import q41 from '../../../shaders/lib/weight_q4_1.wgsl?raw';
import q5k from '../../../shaders/lib/weight_q5_k.wgsl?raw';
import q50 from '../../../shaders/lib/weight_q5_0.wgsl?raw';
import q51 from '../../../shaders/lib/weight_q5_1.wgsl?raw';
import q6k from '../../../shaders/lib/weight_q6_k.wgsl?raw';
import q80 from '../../../shaders/lib/weight_q8_0.wgsl?raw';

/** The library that reads each tensor type; all define `Run`, `load_run(row, run)` and `run_weight4(run, j)`. */
export const WEIGHT_FORMATS: Readonly<Record<TensorType, ShaderFile>> = {
  F32: { name: 'weight_f32.wgsl', code: f32 },
  F16: { name: 'weight_f16.wgsl', code: f16 },
  BF16: { name: 'weight_bf16.wgsl', code: bf16 },
  Q8_0: { name: 'weight_q8_0.wgsl', code: q80 },
  Q4_0: { name: 'weight_q4_0.wgsl', code: q40 },
  Q4_1: { name: 'weight_q4_1.wgsl', code: q41 },
  Q5_0: { name: 'weight_q5_0.wgsl', code: q50 },
  Q5_1: { name: 'weight_q5_1.wgsl', code: q51 },
  Q4_K: { name: 'weight_q4_k.wgsl', code: q4k },
  Q5_K: { name: 'weight_q5_k.wgsl', code: q5k },
  Q6_K: { name: 'weight_q6_k.wgsl', code: q6k },
};
