import { concatBytes, type Bytes } from '../../base/bytes.ts';
import { sha256Hex } from '../../base/sha256.ts';
import type { AdapterWeights, LoadedWeights } from '../../engine/index.ts';
import type { TokenRow } from '../data/token-row.ts';

const bytesOf = (values: Float32Array | Uint32Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
const text = (value: unknown): Bytes => new TextEncoder().encode(JSON.stringify(value));

/** The content address of rows in their order. */
export async function rowsRoot(rows: readonly TokenRow[]): Promise<string> {
  const parts = rows.flatMap(({ tokens, isLearnt }) => [text(tokens.length), bytesOf(tokens), isLearnt]);
  return await sha256Hex(concatBytes([text(rows.length), ...parts]));
}

/** The content address of the tokens that a model knows, in their order, and of how it joins them. */
export async function tokenizerRoot({ metadata }: LoadedWeights['header']): Promise<string> {
  const [tokens, merges] = ['tokens', 'merges'].map((key) => metadata.texts(`tokenizer.ggml.${key}`) ?? []);
  return await sha256Hex(text([metadata.text('tokenizer.ggml.model') ?? '', tokens, merges]));
}

/** The content address of an adapter: its tensors by name, their ranks and scales, and every bit of their numbers. */
export async function adapterRoot(adapter: AdapterWeights): Promise<string> {
  const pairs = [...adapter].toSorted(([a], [b]) => (a < b ? -1 : 1));
  const parts = pairs.flatMap(([name, { rank, scale, a, b }]) => [
    text([name, rank, scale, a.length, b.length]),
    bytesOf(a),
    bytesOf(b),
  ]);
  return await sha256Hex(concatBytes(parts));
}
