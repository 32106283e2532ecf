import type { Bytes } from '../../base/bytes.ts';
import { WeightsError } from '../errors.ts';
import type { ModelFiles } from '../files/model-files.ts';
import { LENGTH_BYTES, parseSafetensorsHeader, type SafetensorsTensor } from '../safetensors/safetensors.ts';

/** A tensor of a checkpoint, in whichever of its files. */
export interface StoredTensor extends Pick<SafetensorsTensor, 'name' | 'type' | 'shape'> {
  read(): Promise<Bytes>;
}

/** No header is longer: the parser's own limit. */
const MAX_HEADER_BYTES = 16 * 1024 * 1024;

/**
 * The tensors of all safetensors files of a folder, by module and part: `model.norm` → `weight` → tensor.
 *
 * @throws {WeightsError} `file-missing`, `safetensors-invalid`, `checkpoint-invalid`, or from the store
 */
export async function indexTensors(files: ModelFiles): Promise<Map<string, Map<string, StoredTensor>>> {
  const modules = new Map<string, Map<string, StoredTensor>>();
  const names = files.names.filter((name) => name.endsWith('.safetensors'));
  if (names.length === 0) throw new WeightsError('file-missing', 'the folder has no safetensors file', {});
  for (const file of names) {
    const blob = await files.read(file);
    const bytesOf = async (start: number, end: number) => new Uint8Array(await blob.slice(start, end).arrayBuffer());
    const { tensors, sizeBytes } = parseSafetensorsHeader(await bytesOf(0, LENGTH_BYTES + MAX_HEADER_BYTES));
    if (sizeBytes !== blob.size)
      throw invalid(`${file} has ${blob.size} bytes, its header tells of ${sizeBytes}`, file);
    for (const { name, type, shape, start, sizeBytes: length } of tensors) {
      const at = name.lastIndexOf('.');
      const module = name.slice(0, Math.max(0, at));
      const parts = modules.get(module) ?? new Map<string, StoredTensor>();
      const part = name.slice(at + 1);
      if (parts.has(part)) throw invalid(`tensor ${name.slice(0, 100)} is in two files`, name);
      parts.set(part, { name, type, shape, read: () => bytesOf(start, start + length) });
      modules.set(module, parts);
    }
  }
  return modules;
}

/** A file of JSON, or undefined if there is none. @throws {WeightsError} `checkpoint-invalid`, or from the store */
export async function readJsonFile(files: ModelFiles, name: string): Promise<unknown> {
  const text = await readTextFile(files, name);
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    throw invalid(`${name} is no JSON`, name);
  }
}

/** A tokenizer of 250,000 entries takes 20 MB. */
const MAX_TEXT_BYTES = 64 * 1024 * 1024;

/** @throws {WeightsError} `checkpoint-invalid`, or from the store */
export async function readTextFile(files: ModelFiles, name: string): Promise<string | undefined> {
  if (!files.names.includes(name)) return undefined;
  const sizeBytes = files.sizeOf(name);
  if (sizeBytes > MAX_TEXT_BYTES) throw invalid(`${name} has ${sizeBytes} bytes, limit ${MAX_TEXT_BYTES}`, name);
  return await (await files.read(name)).text();
}

/** A checkpoint that contradicts itself. */
export function invalid(reason: string, name: string): WeightsError {
  return new WeightsError('checkpoint-invalid', `checkpoint: ${reason}; the publisher is at fault`, {
    name: name.slice(0, 100),
  });
}
