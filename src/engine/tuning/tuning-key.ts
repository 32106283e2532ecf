import { sha256Hex } from '../../base/sha256.ts';
import type { GpuReport, Kernel } from '../../gpu/index.ts';
import type { GgufHeader } from '../../weights/index.ts';
import type { ModelConfig } from '../model/config.ts';
import { ALL_KERNELS } from '../kernels/all-kernels.ts';
import type { KvType } from '../model/kv-type.ts';
import type { ProductType } from '../model/reduction.ts';

/** What a tuning is for: an adapter, the kernels' own text, and the shapes and types of a model. */
export async function tuningKey(
  { vendor, architecture, description }: GpuReport,
  { tensors }: Pick<GgufHeader, 'tensors'>,
  { width, ffnWidth, heads, kvHeads, headSize, vocabulary }: ModelConfig,
  { kvType, products }: { readonly kvType: KvType; readonly products: ProductType },
): Promise<string> {
  const types = [...new Set(tensors.map(({ name, type }) => `${name.replace(/^blk\.\d+\./, '')} ${type}`))].toSorted();
  const shape = [width, ffnWidth, heads, kvHeads, headSize, vocabulary, kvType, products, ...types];
  const text = JSON.stringify([vendor, architecture, description, shape, ALL_KERNELS.map(sourcesOf)]);
  return await sha256Hex(new TextEncoder().encode(text));
}

function sourcesOf({ variants, libraries = [], kernel }: Kernel): string[] {
  const files = Object.values(variants).flatMap((axis) => Object.values(axis));
  return [...files, ...libraries, kernel].map(({ code }) => code);
}
