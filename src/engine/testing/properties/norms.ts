import fc from 'fast-check';
import { SERIAL_ROWS } from '../../kernels/lanes.ts';
import { NORM_LANES, rmsNormKernel } from '../../kernels/rms-norm.ts';
import { rmsNormReference } from '../../kernels/rms-norm.reference.ts';
import { fillRows } from '../../model/step-rows.ts';
import { group, runKernel, ungroup } from '../run-kernel.ts';
import { kernelProperty, numbers, times, worst, type Deviation } from './kernel-property.ts';

const EPSILON = 1e-5;
/** Numbers of about 1: a few roundings, and 2.5 ulp each of division and square root. */
const BOUND = 1e-5;
const LANES = [
  { lanes: 'serial', WG: SERIAL_ROWS, LANES: 1 },
  { lanes: 'shared', WG: NORM_LANES, LANES: NORM_LANES },
] as const;

/** Norms of any width, of all rows or of those that want logits. */
export const rmsNormProperty = kernelProperty(
  '',
  8,
  fc.record({
    k: fc.integer({ min: 1, max: 700 }),
    wants: fc.oneof(fc.constant<boolean[]>([true]), fc.array(fc.boolean(), { minLength: 2, maxLength: 9 })),
  }),
  async (gpu, cache, { k, wants }, random) => {
    const x = times(wants.length, () => numbers(k, random));
    const gain = numbers(k, random);
    const words = new Uint32Array(4 * Math.ceil(wants.length / 4) * 4);
    fillRows(
      words,
      wants.map((wantsLogits, slot) => ({ token: 0, slot, position: 0, wantsLogits, readsLogits: false })),
    );
    const listed = wants.flatMap((isListed, m) => (isListed ? [m] : []));
    const found: Deviation[] = [];
    for (const source of ['same', 'listed'] as const) {
      const rows = source === 'same' ? wants.map((_, m) => m) : listed;
      for (const { lanes, ...overrides } of rows.length === 0 ? [] : LANES) {
        const [inner, outer] = [wants.length, rows.length].map((count) => (count === 1 ? 1 : 4)) as [number, number];
        const room = Math.ceil(rows.length / 8) * 8;
        const [, , , y = new ArrayBuffer(0)] = await runKernel(gpu, cache, {
          kernel: rmsNormKernel,
          choice: { variants: { lanes, source }, overrides: { COLS_IN: inner, COLS: outer, ...overrides } },
          params: { k, epsilon: EPSILON },
          buffers: [group(x, k, inner), gain, words, new Float32Array(room * k)],
          workgroups: [Math.ceil(rows.length / (overrides.WG / overrides.LANES)), 1],
        });
        for (const [m, row] of ungroup(y, rows.length, k, outer).entries()) {
          const off = worst(row, rmsNormReference(x[rows[m] ?? 0] ?? [], gain, EPSILON));
          found.push({ what: `${lanes} ${source} row ${m} of ${wants.length}, k ${k}`, off, bound: BOUND });
        }
      }
    }
    return found;
  },
);
