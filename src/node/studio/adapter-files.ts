import { writeGgufLora, writePeft, type LoraAdapter } from '../../adapters/index.ts';
import type { ModelRoot } from '../../base/branded.ts';
import type { Bytes } from '../../base/bytes.ts';
import type { ModelConfig } from '../../engine/index.ts';

/** What a file says of an adapter besides its base. */
interface About {
  /** The adapter that it goes on from. */
  readonly parent: ModelRoot | undefined;
  readonly licence?: string | undefined;
}

/** An adapter as files by name. @throws {AdapterError} */
export function writeAdapterFiles(
  kind: 'peft' | 'gguf',
  adapter: LoraAdapter,
  config: ModelConfig,
  base: { readonly root: ModelRoot; readonly name: string },
  about: About,
): ReadonlyMap<string, Blob> {
  if (kind === 'gguf') {
    const name = `${base.name.replace(/\.gguf$/, '')}-adapter.gguf`;
    return new Map([[name, new Blob([adapterFile(adapter, config, { name, base: base.root, ...about })])]]);
  }
  const files = Object.entries(writePeft({ ...adapter, baseName: base.name }, config));
  return new Map(files.map(([name, bytes]: readonly [string, Uint8Array<ArrayBuffer>]) => [name, new Blob([bytes])]));
}

/** The GGUF of a trained adapter, with its base and the adapter that it goes on from. @throws {AdapterError} */
export function adapterFile(
  adapter: LoraAdapter,
  config: ModelConfig,
  { name, base, parent, licence }: About & { readonly name: string; readonly base: ModelRoot },
): Bytes {
  const parents = parent === undefined ? [] : [{ root: parent, relation: 'continues' as const }];
  return writeGgufLora(adapter, config, { name, base, parents, licence });
}
