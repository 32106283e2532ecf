import fc from 'fast-check';
import { TENSOR_TYPES, type TensorType } from '../../../weights/index.ts';
import { isInt8Type } from '../../kernels/int8-products.ts';
import { MATMUL_WG } from '../../kernels/matmul.ts';
import { reductionsOf } from '../../model/reduction.ts';
import { runProduct, type ProductCase } from '../run-product.ts';
import { kernelProperty, worst, type KernelProperty } from './kernel-property.ts';

const TYPES = Object.keys(TENSOR_TYPES) as TensorType[];
const SERIAL = { kind: 'serial', lanes: 1 } as const;
const EPILOGUES = ['store', 'add', 'swiglu'] as const;

/** Whole blocks of a type, or any multiple of four. */
export function widthsOf(type: TensorType): fc.Arbitrary<number> {
  const { blockElements } = TENSOR_TYPES[type];
  return blockElements === 1
    ? fc.integer({ min: 1, max: 90 }).map((k) => 4 * k)
    : fc.integer({ min: 1, max: 3 }).map((blocks) => blocks * blockElements);
}

const shapesOf = (type: TensorType) =>
  fc.record({
    n: fc.integer({ min: 1, max: 75 }),
    k: widthsOf(type),
    columns: fc.tuple(fc.constant(1), fc.integer({ min: 2, max: 4 }), fc.integer({ min: 5, max: 17 })),
    /** One for each number of columns. */
    epilogues: fc.shuffledSubarray([...EPILOGUES], { minLength: 3, maxLength: 3 }),
  });

type Variants = (report: Parameters<typeof reductionsOf>[0]) => readonly Partial<ProductCase>[];

const productsOf = (variantsOf: Variants, types = TYPES): KernelProperty[] =>
  types.map((type) =>
    kernelProperty(type, 2, shapesOf(type), async (gpu, cache, { columns, epilogues, ...shape }, random) => {
      const found = [];
      for (const variant of variantsOf(gpu.report)) {
        for (const [i, count] of columns.entries()) {
          const epilogue = epilogues[i] ?? 'store';
          const one: ProductCase = { type, reduction: SERIAL, epilogue, ...shape, columns: count, ...variant };
          const { found: y, expected, bound } = await runProduct(gpu, cache, one, random.below(2 ** 31));
          const off = Math.max(...expected.map((row, m) => worst(y[m] ?? [], row)));
          found.push({ what: JSON.stringify(one), off, bound });
        }
      }
      return found;
    }),
  );

/** W x of any shape, one, four and eight columns at a time. */
export const matmulProperties = productsOf((report) =>
  reductionsOf(report)
    .filter(({ products }) => products !== 'int8')
    .map((reduction) => ({ reduction })),
);

/** The same of inputs that are rounded. */
export const matmulInt8Properties = productsOf(
  (report) =>
    reductionsOf(report)
      .filter(({ products }) => products === 'int8')
      .map((reduction) => ({ reduction })),
  TYPES.filter(isInt8Type),
);

/** The same, eight rows and columns at a time. */
export const matmulTallProperties = productsOf(() => [16, MATMUL_WG].map((tallLanes) => ({ isTall: true, tallLanes })));
