import fc from 'fast-check';
import { blocksReference, groupCodes } from '../../kernels/int8-products.reference.ts';
import { BLOCK_INPUTS, BLOCK_WORDS, ROUND_WG, roundInt8Kernel } from '../../kernels/int8-products.ts';
import { group, runKernel } from '../run-kernel.ts';
import { kernelProperty, numbers, times, type Deviation } from './kernel-property.ts';

/** An f32 product, relatively. */
const STEP_BOUND = 2 ** -22;
/** Of a step, beside the half: a division by up to 2.5 ulp of 127. */
const CODE_BOUND = 1e-4;
const SCALES = [1, 1e-20, 1e20, 0];

/** Inputs of any number of blocks and rows as int8: steps, codes at most half a step away, and whole sums. */
export const roundInt8Property = kernelProperty(
  '',
  8,
  fc.record({
    blocks: fc.integer({ min: 1, max: 70 }),
    scales: fc.oneof(
      fc.tuple(fc.constantFrom(...SCALES)),
      fc.array(fc.constantFrom(...SCALES), { minLength: 2, maxLength: 9 }),
    ),
  }),
  async (gpu, cache, { blocks, scales }, random) => {
    const k = blocks * BLOCK_INPUTS;
    const columns = scales.length === 1 ? 1 : 4;
    const x = scales.map((scale) => numbers(k, random).map((v) => scale * v));
    const expected = groupCodes(x, columns);
    const [, out = new ArrayBuffer(0)] = await runKernel(gpu, cache, {
      kernel: roundInt8Kernel,
      choice: { overrides: { COLS: columns } },
      params: { blocks },
      buffers: [group(x, k, columns), new Uint32Array(expected.length)],
      workgroups: [Math.ceil((scales.length * blocks) / ROUND_WG), 1],
    });
    const words = new Uint32Array(out);
    const found: Deviation[] = [];
    for (const [m, row] of x.entries()) {
      for (const [i, { step }] of blocksReference(row).entries()) {
        const at = (Math.floor(m / columns) * blocks + i) * BLOCK_WORDS;
        const block = Uint32Array.from(times(BLOCK_WORDS, (j) => words[(at + j) * columns + (m % columns)] ?? 0));
        const codes = new Int8Array(block.buffer, 0, BLOCK_INPUTS);
        const what = `row ${m} of ${scales.length}, block ${i} of ${blocks}`;
        const foundStep = new Float32Array(block.buffer)[8] ?? Number.NaN;
        found.push({ what: `step: ${what}`, off: Math.abs(foundStep / step - 1), bound: STEP_BOUND });
        const sum = codes.reduce((all, code) => all + code, 0);
        found.push({ what: `sum: ${what}`, off: Math.abs((new Int32Array(block.buffer)[9] ?? 1e9) - sum), bound: 0 });
        for (const [j, code] of codes.entries()) {
          const off = Math.abs((row[i * BLOCK_INPUTS + j] ?? Number.NaN) / step - code);
          found.push({ what: `code ${j}: ${what}`, off, bound: 0.5 + CODE_BOUND });
        }
      }
    }
    return found;
  },
);
