import type { Bytes } from '../../base/bytes.ts';
import type { TensorType } from '../gguf/tensor-type.ts';
import { unsupported, type Int4Format } from './config-json.ts';
import { Q4_0_ZERO, toQ4_0, toQ4_1 } from './int4-blocks.ts';
import { awqMatrix, gptqMatrix } from './int4-layouts.ts';
import { invalid, type StoredTensor } from './tensor-index.ts';

/** A matrix that becomes blocks of a type of GGUF when it is read. */
export interface RepackedMatrix {
  readonly type: TensorType;
  readonly inputs: number;
  readonly outputs: number;
  /** @param sourceRow which output becomes row `row` */
  read(sourceRow: (row: number) => number): Promise<Bytes>;
}

const WORDS: readonly string[] = ['I32', 'U32'];

/**
 * A quantised module, its shapes checked against each other.
 *
 * @throws {WeightsError} `checkpoint-invalid`; `checkpoint-unsupported` for inputs in an order of their own (`desc_act`)
 */
export async function openInt4(
  module: string,
  parts: ReadonlyMap<string, StoredTensor>,
  format: Int4Format,
): Promise<RepackedMatrix> {
  const isAwq = format.method === 'awq';
  const [codes, zeros, scales] = ['qweight', 'qzeros', 'scales'].map((part) => {
    const tensor = parts.get(part);
    if (tensor?.shape.length === 2) return tensor;
    throw invalid(`${module}.${part} is missing or no matrix`, module);
  });
  if (!codes || !zeros || !scales) throw invalid(`${module} is incomplete`, module);
  const [rows = 0, columns = 0] = codes.shape;
  const inputs = isAwq ? rows : 8 * rows;
  const outputs = isAwq ? 8 * columns : columns;
  const groupSize = format.groupSize ?? inputs;
  if (!(inputs > 0 && outputs > 0 && inputs % groupSize === 0 && inputs % 32 === 0 && outputs % 8 === 0))
    throw unsupported('shape', `${module}: ${inputs} inputs in groups of ${groupSize}`, 'whole groups of whole 32');
  const groups = inputs / groupSize;
  const check = (tensor: StoredTensor, types: readonly string[], ...shape: number[]) => {
    if (tensor.shape.join() !== shape.join() || !types.includes(tensor.type)) {
      const found = `${tensor.shape.join('×')} of ${tensor.type}`;
      throw invalid(`${tensor.name} is ${found}, ${shape.join('×')} of ${types[0]} expected`, tensor.name);
    }
  };
  check(codes, WORDS, rows, columns);
  check(zeros, WORDS, groups, outputs / 8);
  if (scales.type !== 'F16') throw unsupported('scales', `${scales.name} of ${scales.type}`, 'F16');
  check(scales, ['F16'], groups, outputs);
  const order = parts.get('g_idx');
  if (order) {
    check(order, WORDS, inputs);
    const found = new Uint32Array((await order.read()).buffer);
    // Inputs sorted by what matters most would ask for activations in that order too.
    if (found.some((group, input) => group !== Math.floor(input / groupSize)))
      throw unsupported('desc_act', `${order.name}: inputs in an order of their own`, 'inputs in groups as they come');
  }
  const read = async (sourceRow: (row: number) => number) => {
    const [c, z, s] = await Promise.all([codes, zeros, scales].map(async (tensor) => (await tensor.read()).buffer));
    const empty = new ArrayBuffer(0);
    const tensors = {
      inputs,
      outputs,
      groupSize,
      codes: new Uint32Array(c ?? empty),
      zeros: new Uint32Array(z ?? empty),
      scales: new Uint16Array(s ?? empty),
    };
    const matrix = isAwq ? awqMatrix(tensors) : gptqMatrix(tensors, format.zeroOffset);
    if (!format.isSymmetric) return toQ4_1(matrix, sourceRow);
    for (let group = 0; group < groups; group++) {
      for (let output = 0; output < outputs; output++) {
        if (matrix.zero(group, output) !== Q4_0_ZERO)
          throw invalid(`${module} has a zero of ${matrix.zero(group, output)}, its config says symmetric`, module);
      }
    }
    return toQ4_0(matrix, sourceRow);
  };
  return { type: format.isSymmetric ? 'Q4_0' : 'Q4_1', inputs, outputs, read };
}
