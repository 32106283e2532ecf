import type { Bytes } from '../../base/bytes.ts';
import type { ModelFiles } from '../files/model-files.ts';
import type { GgufHeader, GgufTensor } from '../gguf/header.ts';
import { GgufMetadata } from '../gguf/metadata.ts';
import { tensorBytes, type TensorType } from '../gguf/tensor-type.ts';
import { configEntries } from './config-entries.ts';
import { int4FormatOf, parseConfig, unsupported, type Int4Format } from './config-json.ts';
import { openInt4 } from './int4-module.ts';
import { indexTensors, invalid, readJsonFile, readTextFile, type StoredTensor } from './tensor-index.ts';
import { ggufModule, rotaryRow } from './tensor-names.ts';
import { tokenizerEntries } from './tokenizer-entries.ts';

/** A folder of safetensors as if it were a GGUF: its header, and each tensor's bytes, made when they are asked for. */
export interface Checkpoint {
  /** Tensors lie where they would in a file without a header. */
  readonly header: GgufHeader;
  /** Rows of blocks. @throws {WeightsError} `checkpoint-invalid`, or from the store */
  read(tensor: string): Promise<Bytes>;
}

type Dims = readonly number[];
interface Made {
  readonly type: TensorType;
  readonly dims: Dims;
  readonly read: () => Promise<Bytes>;
}

const PLAIN_TYPES: readonly string[] = ['F32', 'F16', 'BF16'];
/** Modules whose biases the engine adds; those of others must be zeros. */
const BIASED = /\.attn_[qkv]$/;
const sameRow = (row: number) => row;

/**
 * Opens a decoder's checkpoint: `config.json`, `tokenizer.json` and safetensors, its products in F32, F16 or BF16 or in
 * the int4 of AWQ or GPTQ, which become Q4_0 where their zeros are all 8 and Q4_1 otherwise.
 *
 * @throws {WeightsError} `file-missing`, `safetensors-invalid`, `checkpoint-invalid`, `checkpoint-unsupported`, or from the store
 */
export async function openCheckpoint(files: ModelFiles): Promise<Checkpoint> {
  for (const name of ['config.json', 'tokenizer.json']) files.sizeOf(name);
  const config = parseConfig(await readJsonFile(files, 'config.json'));
  const format = int4FormatOf(config);
  const { entries, headSize, ropeFactors } = configEntries(config);
  const tokenizer = tokenizerEntries(
    {
      tokenizer: await readJsonFile(files, 'tokenizer.json'),
      settings: await readJsonFile(files, 'tokenizer_config.json'),
      template: await readTextFile(files, 'chat_template.jinja'),
    },
    config,
  );
  const isTied = config.tie_word_embeddings ?? false;
  const made = new Map<string, Made>();
  for (const [module, parts] of await indexTensors(files)) {
    if (module.endsWith('.rotary_emb')) continue;
    const name = ggufModule(module);
    if (name === undefined) throw unsupported('tensor', module, 'those of a llama, qwen2 or qwen3');
    if (name === 'output' && isTied) continue;
    const turns = config.model_type === 'llama' && /\.attn_[qk]$/.test(name);
    const sourceRow = turns ? rotaryRow(headSize) : sameRow;
    made.set(`${name}.weight`, await openWeight(module, parts, format, sourceRow));
    const bias = parts.get('bias');
    if (bias && BIASED.test(name)) made.set(`${name}.bias`, openPlain(bias, sourceRow));
    else if (bias && (await bias.read()).some((byte) => byte !== 0)) throw unsupported('bias', bias.name, 'none');
  }
  if (!isTied && !made.has('output.weight')) throw invalid('lm_head is missing, and not tied', 'lm_head');
  if (ropeFactors)
    made.set('rope_freqs.weight', {
      type: 'F32',
      dims: [ropeFactors.length],
      read: async () => new Uint8Array(ropeFactors.slice().buffer),
    });
  let end = 0;
  const tensors = [...made].map(([name, { type, dims }]): GgufTensor => {
    const [k = 0, rows = 1] = dims;
    const start = end;
    const sizeBytes = rows * tensorBytes(type, k);
    end += sizeBytes;
    return { name, type, dims, start, sizeBytes };
  });
  const metadata = new GgufMetadata(new Map([...entries, ...tokenizer]));
  return {
    header: { metadata, tensors, alignment: 1, headerBytes: 0 },
    read: async (tensor) => {
      const found = made.get(tensor);
      if (!found) throw invalid(`it has no tensor ${tensor.slice(0, 100)}`, tensor);
      return await found.read();
    },
  };
}

async function openWeight(
  module: string,
  parts: ReadonlyMap<string, StoredTensor>,
  format: Int4Format | undefined,
  sourceRow: (row: number) => number,
): Promise<Made> {
  const plain = parts.get('weight');
  if (plain) return openPlain(plain, sourceRow);
  if (!format) throw invalid(`${module}.weight is missing`, module);
  const { type, inputs, outputs, read } = await openInt4(module, parts, format);
  return { type, dims: [inputs, outputs], read: () => read(sourceRow) };
}

/** A vector, or a matrix of rows, in a type that GGUF has too. */
function openPlain({ name, type, shape, read }: StoredTensor, sourceRow: (row: number) => number): Made {
  if (!isPlain(type)) throw unsupported('tensor', `${name} of ${type}`, PLAIN_TYPES.join(', '));
  if (shape.length < 1 || shape.length > 2 || shape.some((size) => size === 0))
    throw unsupported('shape', `${name}: ${shape.join('×')}`, 'a vector or a matrix');
  const rows = shape[0] ?? 0;
  const turned = async () => {
    const bytes = await read();
    if (sourceRow === sameRow) return bytes;
    const rowBytes = bytes.byteLength / rows;
    const out = new Uint8Array(bytes.byteLength);
    for (let row = 0; row < rows; row++) {
      const from = sourceRow(row) * rowBytes;
      out.set(bytes.subarray(from, from + rowBytes), row * rowBytes);
    }
    return out;
  };
  return { type, dims: shape.toReversed(), read: turned };
}

function isPlain(type: string): type is 'F32' | 'F16' | 'BF16' {
  return PLAIN_TYPES.includes(type);
}
