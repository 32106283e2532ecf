import fc from 'fast-check';
import { concatBytes } from '../../../base/bytes.ts';
import { TENSOR_TYPES, type TensorType } from '../../../weights/index.ts';
import { embedKernel } from '../../kernels/embed.ts';
import { dequantise } from '../../model/dequantise.reference.ts';
import { packedRow, packRows } from '../../model/packing.ts';
import { LATEST_TOKEN } from '../../model/run-state.ts';
import { randomRows } from '../random-weights.ts';
import { group, runKernel, ungroup } from '../run-kernel.ts';
import { kernelProperty, times, worst } from './kernel-property.ts';
import { widthsOf } from './products.ts';

/** Rows of a part of a table in each type, for tokens within it and outside, told or picked before. */
export const embedProperties = (Object.keys(TENSOR_TYPES) as TensorType[]).map((type) => {
  const token = fc.record({ id: fc.integer({ min: 0, max: 40 }), isLatest: fc.boolean() });
  const shapes = fc.record({
    n: fc.integer({ min: 1, max: 30 }),
    row0: fc.integer({ min: 0, max: 10 }),
    k: widthsOf(type),
    tokens: fc.oneof(fc.tuple(token), fc.array(token, { minLength: 2, maxLength: 9 })),
  });
  return kernelProperty(type, 4, shapes, async (gpu, cache, { n, row0, k, tokens }, random) => {
    const data = randomRows(type, n, k, random);
    const packed = packRows(type, k, data);
    const table = dequantise(type, data);
    const columns = tokens.length === 1 ? 1 : 4;
    const untouched = Float32Array.from({ length: k }, () => 7);
    const [, , , x = new ArrayBuffer(0)] = await runKernel(gpu, cache, {
      kernel: embedKernel,
      choice: { variants: { format: type }, overrides: { COLS: columns } },
      params: { n, k4: k / 4, row0, half_base: (n * packedRow(type, k).codesBytes) / 4 },
      buffers: [
        concatBytes([packed.codes, packed.scales]),
        Uint32Array.from(tokens.flatMap(({ id, isLatest }, slot) => [isLatest ? LATEST_TOKEN : id, slot, 0, 0])),
        Uint32Array.from(tokens, ({ id }) => id),
        group(
          times(tokens.length, () => untouched),
          k,
          columns,
        ),
      ],
      workgroups: [Math.ceil(k / 256), tokens.length],
    });
    const scale = table.reduce((top, w) => Math.max(top, Math.abs(w)), 0);
    return ungroup(x, tokens.length, k, columns).map((row, m) => {
      const at = (tokens[m]?.id ?? 0) - row0;
      const isHere = at >= 0 && at < n;
      const expected = isHere ? table.subarray(at * k, (at + 1) * k) : untouched;
      // A scale, a minimum and their product with a code: three roundings.
      const bound = isHere ? 2 ** -22 * scale : 0;
      return { what: `row ${at} of ${n}, k ${k}`, off: worst(row, expected), bound };
    });
  });
});
