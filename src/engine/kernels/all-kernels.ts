import type { Kernel } from '../../gpu/index.ts';
import { attentionKernel, attentionSerialKernel } from './attention.ts';
import { embedKernel } from './embed.ts';
import {
  lowRankExpandKernel,
  lowRankExpandTallKernel,
  lowRankShrinkKernel,
  lowRankShrinkTallKernel,
  lowRankSwigluKernel,
  lowRankSwigluTallKernel,
} from './low-rank.ts';
import { matmulInt8Kernel, roundInt8Kernel } from './int8-products.ts';
import { matmulKernel, matmulTallKernel } from './matmul.ts';
import { pickKernel } from './pick.ts';
import { rmsNormKernel } from './rms-norm.ts';
import { ropeCacheKernel } from './rope-cache.ts';

/** Every kernel of the forward pass, for the tests that compile and measure them all. */
export const ALL_KERNELS: readonly Kernel[] = [
  embedKernel,
  rmsNormKernel,
  matmulKernel,
  matmulTallKernel,
  roundInt8Kernel,
  matmulInt8Kernel,
  ropeCacheKernel,
  attentionKernel,
  attentionSerialKernel,
  pickKernel,
  lowRankShrinkKernel,
  lowRankExpandKernel,
  lowRankSwigluKernel,
  lowRankShrinkTallKernel,
  lowRankExpandTallKernel,
  lowRankSwigluTallKernel,
];
