/**
 * `npm run bench:gpu [-- --shapes 135M,1B --types Q4_0 --batches 1,8 --products f32 --layers 4 --json FILE]`: decode steps of random
 * models against the memory's own speed, on whatever GPU Dawn finds. One table; every product is checked first.
 * `npm run bench:gpu -- --bundle bench.mjs` writes one file that runs where there is Node, `webgpu` and no network.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { benchDevice, benchShapeNames, type BenchRow, type BenchShape, type ProductType } from '../engine/index.ts';
import { openGpu } from '../gpu/index.ts';
import { TENSOR_TYPES, type TensorType } from '../weights/index.ts';
import { openDawn } from './open-dawn.ts';

const { values } = parseArgs({
  options: {
    shapes: { type: 'string' },
    types: { type: 'string', default: 'Q4_0,Q4_K,Q8_0' },
    batches: { type: 'string', default: '1,4,8,16' },
    layers: { type: 'string' },
    vocabulary: { type: 'string' },
    products: { type: 'string', default: 'f32,int8' },
    json: { type: 'string' },
  },
});

function list<T extends string>(text: string, known: readonly T[]): T[] {
  return text.split(',').map((name) => {
    const found = known.find((each) => each === name);
    if (!found) throw new RangeError(`${name} is none of ${known.join(', ')}`);
    return found;
  });
}

const gpu = await openGpu(await openDawn());
const { isSoftware, description, vendor, architecture } = gpu.report;
const layers = values.layers ? Number(values.layers) : isSoftware ? 1 : undefined;
const vocabulary = values.vocabulary ? Number(values.vocabulary) : isSoftware ? 4096 : undefined;
const shapes = values.shapes
  ? list<BenchShape>(values.shapes, benchShapeNames)
  : benchShapeNames.slice(0, isSoftware ? 1 : 3);

console.log(
  `${description || `${vendor} ${architecture}`}${isSoftware ? ': software, so one layer and few words' : ''}`,
);
const cells = (texts: readonly string[]) =>
  texts.map((text, i) => (i < 2 ? text.padEnd(6) : text.padStart(10))).join(' ');
console.log(
  cells([
    'shape',
    'type',
    'batch',
    'layers',
    'ms/step',
    'tok/s',
    '× batch 1',
    'roofline',
    'kernels ms',
    'gaps ms',
    'encode ms',
    'reduction',
  ]),
);

let alone = 0;
const show = (row: BenchRow) => {
  if (row.batch === 1) alone = row.tokensPerSecond;
  const times = [row.kernelMs, row.gapMs].map((ms) => ms?.toFixed(2) ?? '–');
  console.log(
    cells([
      row.shape,
      row.type,
      String(row.batch),
      String(row.layers),
      row.stepMs.toFixed(2),
      row.tokensPerSecond.toFixed(1),
      alone > 0 ? (row.tokensPerSecond / alone).toFixed(2) : '–',
      `${(100 * row.rooflineShare).toFixed(1)} %`,
      ...times,
      `${row.encodeMs.toFixed(2)}/${row.dispatches}`,
      row.reduction,
    ]),
  );
};
const report = await benchDevice(
  gpu,
  {
    shapes,
    types: list<TensorType>(values.types, Object.keys(TENSOR_TYPES) as TensorType[]),
    batches: values.batches.split(',').map(Number),
    products: list<ProductType>(values.products, ['f32', 'int8']),
    budgetMs: 1000,
    ...(layers === undefined ? {} : { layers }),
    ...(vocabulary === undefined ? {} : { vocabulary }),
  },
  show,
);
console.log(`memory reads ${(report.bytesPerSecond / 1e9).toFixed(1)} GB/s`);
if (values.json) writeFileSync(values.json, `${JSON.stringify({ gpu: gpu.report, ...report }, null, 2)}\n`);
process.exit(0);
