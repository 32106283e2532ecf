import { writeGgufLora, writePeft, type LoraAdapter } from '../../adapters/index.ts';
import type { ModelRoot } from '../../base/branded.ts';
import type { ModelConfig } from '../../engine/index.ts';

/** An adapter as files by name. @throws {AdapterError} */
export function writeAdapterFiles(
  kind: 'peft' | 'gguf',
  adapter: LoraAdapter,
  config: ModelConfig,
  base: { readonly root: ModelRoot; readonly name: string },
): ReadonlyMap<string, Blob> {
  if (kind === 'gguf') {
    const name = `${base.name.replace(/\.gguf$/, '')}-adapter.gguf`;
    return new Map([[name, new Blob([writeGgufLora(adapter, config, { name, base: base.root })])]]);
  }
  const files = Object.entries(writePeft({ ...adapter, baseName: base.name }, config));
  return new Map(files.map(([name, bytes]: readonly [string, Uint8Array<ArrayBuffer>]) => [name, new Blob([bytes])]));
}
