import {
  AdapterError,
  PEFT_CONFIG,
  PEFT_WEIGHTS,
  readGgufLora,
  readPeft,
  writeGgufLora,
  type LoraAdapter,
} from '../../adapters/index.ts';
import type { ModelRoot } from '../../base/branded.ts';
import type { Bytes } from '../../base/bytes.ts';
import type { ModelConfig } from '../../engine/index.ts';
import { parseGgufHeader, readAdapterFacts } from '../../weights/index.ts';

/** An adapter from files of this device, held to its base. */
export interface ImportedAdapter {
  readonly adapter: LoraAdapter;
  /** Name of its file on the shelf. */
  readonly name: string;
  /** The GGUF that goes onto the shelf. */
  readonly gguf: Bytes;
  /** What its file says. */
  readonly licence: string | undefined;
}

/** Rank 64 on every product of a 3B model in f32, and room. */
const MAX_FILE_BYTES = 1024 * 1024 * 1024;

/**
 * Reads a GGUF adapter, or the two files of a PEFT directory, for a base. A GGUF that says which base it changes is kept
 * byte for byte, with its lineage; others are written anew for the base that was chosen.
 *
 * @throws {AdapterError} by name; {WeightsError} for files that are neither GGUF nor safetensors
 */
export async function importAdapter(
  files: readonly File[],
  base: { readonly root: ModelRoot; readonly name: string },
  config: ModelConfig,
): Promise<ImportedAdapter> {
  const bytes = files.reduce((sum, { size }) => sum + size, 0);
  if (bytes > MAX_FILE_BYTES) {
    const message = `files of ${bytes} bytes, ${MAX_FILE_BYTES} allowed; take an adapter of a lower rank`;
    throw new AdapterError('adapter-unsupported', message);
  }
  const named = (name: string) => files.find((file) => file.name === name);
  const [settings, weights] = [named(PEFT_CONFIG), named(PEFT_WEIGHTS)];
  if (settings && weights) {
    const peft = { [PEFT_CONFIG]: await read(settings), [PEFT_WEIGHTS]: await read(weights) };
    return rewritten(readPeft(peft, config), directoryOf(settings) ?? `${stem(base.name)}-adapter`, base.root, config);
  }
  const [file] = files;
  if (!file?.name.endsWith('.gguf') || files.length > 1) {
    const message = `no adapter: choose one GGUF, or ${PEFT_CONFIG} and ${PEFT_WEIGHTS} together`;
    throw new AdapterError('adapter-invalid', message);
  }
  const gguf = await read(file);
  const adapter = readGgufLora(gguf, config);
  const header = parseGgufHeader(gguf);
  const licence = header.metadata.text('general.license');
  if (header.metadata.text('starling.adapter.base') === undefined) {
    return rewritten(adapter, stem(file.name), base.root, config, licence);
  }
  const facts = readAdapterFacts(header);
  if (facts.base !== base.root) {
    const why = `its file says that it changes model ${facts.base.slice(0, 12)}…, not ${base.root.slice(0, 12)}…`;
    throw new AdapterError('adapter-base', `${why}; choose the base that it was made for`);
  }
  return { adapter, name: file.name, gguf, licence };
}

function rewritten(
  adapter: LoraAdapter,
  name: string,
  base: ModelRoot,
  config: ModelConfig,
  licence?: string,
): ImportedAdapter {
  return { adapter, name: `${name}.gguf`, gguf: writeGgufLora(adapter, config, { name, base, licence }), licence };
}

/** Where a folder was chosen or dropped. */
function directoryOf(file: File): string | undefined {
  // Node's files have no such path.
  return (file.webkitRelativePath || '').split('/').at(-2);
}

function stem(name: string): string {
  return name.replace(/\.gguf$/, '');
}

async function read(file: File): Promise<Bytes> {
  return new Uint8Array(await file.arrayBuffer());
}
