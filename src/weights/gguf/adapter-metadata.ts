import { safeParse } from 'valibot';
import { adapterFacts, type AdapterFacts } from '../../protocol/index.ts';
import { WeightsError } from '../errors.ts';
import type { GgufHeader } from './header.ts';
import type { GgufParts } from './write-gguf.ts';

/** Our own keys, which other readers skip. */
const KEYS = { base: 'starling.adapter.base', parents: 'starling.adapter.parents' } as const;

/** Whether a GGUF holds an adapter rather than a model. */
export function isAdapter({ metadata }: GgufHeader): boolean {
  return metadata.text('general.type') === 'adapter';
}

/** Metadata that says where an adapter comes from. */
export function adapterMetadata({ base, parents }: Omit<AdapterFacts, 'rank'>): GgufParts['metadata'] {
  const lines = parents.map(({ root, relation }) => `${relation} ${root}`);
  return { [KEYS.base]: base, ...(lines.length > 0 && { [KEYS.parents]: lines }) };
}

/** @throws {WeightsError} `gguf-metadata` for an adapter that does not say what it changes */
export function readAdapterFacts({ metadata, tensors }: GgufHeader): AdapterFacts {
  const ranks = tensors.filter(({ name }) => name.endsWith('.lora_a')).map(({ dims }) => dims[1] ?? 1);
  const parsed = safeParse(adapterFacts, {
    base: metadata.text(KEYS.base),
    rank: Math.max(0, ...ranks),
    parents: (metadata.texts(KEYS.parents) ?? []).map((line) => {
      const [relation, root] = line.split(' ');
      return { relation, root };
    }),
  });
  if (parsed.success) return parsed.output;
  const message = `gguf adapter does not say by ${KEYS.base} which model it changes; save it in the studio`;
  throw new WeightsError('gguf-metadata', message, { name: KEYS.base });
}
