import { attentionProperties, attentionSerialProperties } from './attention.ts';
import { embedProperties } from './embed.ts';
import type { KernelProperty } from './kernel-property.ts';
import {
  expandProperty,
  expandTallProperty,
  lowRankSwigluProperty,
  lowRankSwigluTallProperty,
  shrinkProperty,
  shrinkTallProperty,
} from './low-rank.ts';
import { rmsNormProperty } from './norms.ts';
import { pickProperty } from './pick.ts';
import { roundInt8Property } from './int8-products.ts';
import { matmulInt8Properties, matmulProperties, matmulTallProperties } from './products.ts';
import { ropeCacheProperty } from './rope-cache.ts';

/** What must hold of each kernel of the forward pass, by the kernel's name. */
export const ALL_PROPERTIES: Readonly<Record<string, readonly KernelProperty[]>> = {
  embed: embedProperties,
  rms_norm: [rmsNormProperty],
  matmul: matmulProperties,
  matmul_tall: matmulTallProperties,
  round_int8: [roundInt8Property],
  matmul_int8: matmulInt8Properties,
  rope_cache: [ropeCacheProperty],
  attention: attentionProperties,
  attention_serial: attentionSerialProperties,
  pick: [pickProperty],
  low_rank_shrink: [shrinkProperty],
  low_rank_expand: [expandProperty],
  low_rank_swiglu: [lowRankSwigluProperty],
  low_rank_shrink_tall: [shrinkTallProperty],
  low_rank_expand_tall: [expandTallProperty],
  low_rank_swiglu_tall: [lowRankSwigluTallProperty],
};
