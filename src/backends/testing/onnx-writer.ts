import { concatBytes, type Bytes } from '../../base/bytes.ts';

/** The little of protobuf and of ONNX (onnx.proto3, IR version 8, opset 13) that a test's model needs. */
type Field = readonly [number, number | string | Uint8Array];

function varint(value: number): number[] {
  const out: number[] = [];
  let rest = value;
  while (rest > 127) {
    out.push((rest % 128) + 128);
    rest = Math.floor(rest / 128);
  }
  return [...out, rest];
}

function message(...fields: readonly Field[]): Bytes {
  return concatBytes(
    fields.flatMap(([number, value]) => {
      if (typeof value === 'number') return [Uint8Array.from([...varint(number * 8), ...varint(value)])];
      const bytes = typeof value === 'string' ? new TextEncoder().encode(value) : value;
      return [Uint8Array.from([...varint(number * 8 + 2), ...varint(bytes.byteLength)]), bytes];
    }),
  );
}

export type Attribute = number | readonly number[];

export interface OnnxNode {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

export interface OnnxTensor {
  readonly dims: readonly number[];
  readonly data: Float32Array | BigInt64Array;
}

export interface OnnxGraph {
  /** Element type of every input: int64 token ids or f32 samples. */
  readonly inputs: Readonly<Record<string, { readonly type: 'int64' | 'float'; readonly dims: readonly string[] }>>;
  readonly nodes: readonly OnnxNode[];
  readonly tensors: Readonly<Record<string, OnnxTensor>>;
  readonly output: { readonly name: string; readonly dims: readonly string[] };
}

const TYPE = { float: 1, int64: 7 } as const;

function valueInfo(name: string, type: number, dims: readonly string[]): Bytes {
  const shape = message(...dims.map((dim): Field => [1, message([2, dim])]));
  return message([1, name], [2, message([1, message([1, type], [2, shape])])]);
}

function attribute(name: string, value: Attribute): Bytes {
  if (typeof value === 'number') return message([1, name], [3, value], [20, 2]);
  return message([1, name], ...value.map((i): Field => [8, i]), [20, 7]);
}

/** An ONNX file. */
export function writeOnnx(graph: OnnxGraph): Bytes {
  const nodes = graph.nodes.map(({ op, inputs, output, attributes = {} }) =>
    message(
      ...inputs.map((input): Field => [1, input]),
      [2, output],
      [4, op],
      ...Object.entries(attributes).map(([name, value]): Field => [5, attribute(name, value)]),
    ),
  );
  const tensors = Object.entries(graph.tensors).map(([name, { dims, data }]) =>
    message(
      ...dims.map((dim): Field => [1, dim]),
      [2, data instanceof Float32Array ? TYPE.float : TYPE.int64],
      [8, name],
      [9, new Uint8Array(data.buffer, data.byteOffset, data.byteLength)],
    ),
  );
  return message(
    [1, 8],
    [
      7,
      message(
        ...nodes.map((node): Field => [1, node]),
        [2, 'tiny'],
        ...tensors.map((tensor): Field => [5, tensor]),
        ...Object.entries(graph.inputs).map(([name, { type, dims }]): Field => [11, valueInfo(name, TYPE[type], dims)]),
        [12, valueInfo(graph.output.name, TYPE.float, graph.output.dims)],
      ),
    ],
    [8, message([2, 13])],
  );
}
