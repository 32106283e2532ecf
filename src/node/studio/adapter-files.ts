import { writeGgufLora, writePeft, type LoraAdapter } from '../../adapters/index.ts';
import type { ModelConfig } from '../../engine/index.ts';

/** An adapter as files by name. @throws {AdapterError} */
export function writeAdapterFiles(
  kind: 'peft' | 'gguf',
  adapter: LoraAdapter,
  config: ModelConfig,
  baseName: string,
): ReadonlyMap<string, Blob> {
  if (kind === 'gguf') {
    const name = `${baseName.replace(/\.gguf$/, '')}-adapter.gguf`;
    return new Map([[name, new Blob([writeGgufLora(adapter, config, { name })])]]);
  }
  const files = Object.entries(writePeft({ ...adapter, baseName }, config));
  return new Map(files.map(([name, bytes]: readonly [string, Uint8Array<ArrayBuffer>]) => [name, new Blob([bytes])]));
}
