/**
 * `npm run headless -- src/headless/testing/check-properties.ts Q8_0`: the properties of the products, and the self-test of every
 * way of adding up, on whatever GPU Dawn finds, for features that the browser of the tests lacks. A line of JSON for each.
 */
import fc from 'fast-check';
import { benchConfig, benchTensors } from '../../engine/bench/bench-shapes.ts';
import { reductionLabel, reductionsOf } from '../../engine/model/reduction.ts';
import { chooseTested } from '../../engine/self-test/self-test.ts';
import { matmulInt8Properties, matmulProperties } from '../../engine/testing/properties/products.ts';
import { createPipelineCache, openGpu } from '../../gpu/index.ts';
import { openDawn } from '../open-dawn.ts';

const SEED = 20_261_121;
/** Types to check, e.g. `Q4_0 Q8_0`; software compilers need half a minute for each. */
const types = new Set(process.argv.slice(2));
const gpu = await openGpu(await openDawn());
const cache = createPipelineCache(gpu.device);
const { hasF16, hasSubgroups } = gpu.report;
const reductions = reductionsOf(gpu.report);
console.log(JSON.stringify({ hasF16, hasSubgroups, reductions: reductions.map(reductionLabel) }));
const kinds = [
  ...matmulProperties.map((property) => ({ ...property, name: 'products' })),
  ...matmulInt8Properties.map((property) => ({ ...property, name: 'int8 products' })),
];
for (const { name, label, of } of kinds.filter((property) => types.has(property.label))) {
  const faults: string[] = [];
  const property = of(gpu, cache, ({ what, off, bound }) => {
    if (!(off <= bound)) faults.push(`${what}: off by ${off}, bound ${bound}`);
  });
  await fc.assert(property, { seed: SEED, numRuns: 1 });
  console.log(JSON.stringify({ what: `${name} over ${label}`, faults: faults.slice(0, 3) }));
}
const config = benchConfig('135M', 1, 512);
const header = { tensors: benchTensors(config, 'Q8_0') };
for (const reduction of reductions) {
  const tested = chooseTested(gpu, cache, header, config, [reduction]).then(
    () => [],
    (error: unknown) => [String(error)],
  );
  console.log(JSON.stringify({ what: `self-test of ${reductionLabel(reduction)}`, faults: await tested }));
}
process.exit(0);
