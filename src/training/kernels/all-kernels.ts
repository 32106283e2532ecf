import type { Kernel } from '../../gpu/index.ts';
import { ATTENTION_KERNELS } from './attention.ts';
import { crossEntropyGradKernel, crossEntropyKernel } from './cross-entropy.ts';
import { embeddingGradKernel, trainEmbedKernel } from './embedding.ts';
import { headNormGradKernel, trainHeadNormKernel } from './head-norm.ts';
import {
  inputGradSubgroupKernel,
  inputGradTallKernel,
  linearInputGradKernel,
  linearKernel,
  linearSubgroupKernel,
  linearWeightGradKernel,
  weightGradSubgroupKernel,
} from './linear.ts';
import { quantiseNf4Kernel } from './nf4.ts';
import { adamw8bitKernel, adamwKernel, clipKernel, squareSumKernel } from './optimizer.ts';
import { gainGradKernel, rmsNormGradKernel, trainRmsNormKernel } from './rms-norm.ts';
import { trainRopeKernel } from './rope.ts';
import { swigluGradKernel, trainSwigluKernel } from './swiglu.ts';

/** Every kernel of training, for the test that compiles them all. */
export const ALL_TRAINING_KERNELS: readonly Kernel[] = [
  linearKernel,
  linearInputGradKernel,
  linearWeightGradKernel,
  inputGradTallKernel,
  linearSubgroupKernel,
  inputGradSubgroupKernel,
  weightGradSubgroupKernel,
  trainRmsNormKernel,
  rmsNormGradKernel,
  gainGradKernel,
  trainRopeKernel,
  ...ATTENTION_KERNELS,
  trainSwigluKernel,
  swigluGradKernel,
  crossEntropyKernel,
  crossEntropyGradKernel,
  trainHeadNormKernel,
  headNormGradKernel,
  trainEmbedKernel,
  embeddingGradKernel,
  squareSumKernel,
  clipKernel,
  adamwKernel,
  adamw8bitKernel,
  quantiseNf4Kernel,
];
