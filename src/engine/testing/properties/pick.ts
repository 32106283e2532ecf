import fc from 'fast-check';
import { SERIAL_ROWS } from '../../kernels/lanes.ts';
import { PICK_LANES, pickKernel } from '../../kernels/pick.ts';
import { drawWords } from '../../model/draw-words.ts';
import { DRAW_WORDS } from '../../model/run-state.ts';
import { fillRows } from '../../model/step-rows.ts';
import { sampleTokenReference } from '../../sampler/sample-token.reference.ts';
import { group, runKernel } from '../run-kernel.ts';
import { kernelProperty, type Deviation } from './kernel-property.ts';

const LANES = [
  { lanes: 'serial', WG: SERIAL_ROWS, LANES: 1 },
  { lanes: 'shared', WG: PICK_LANES, LANES: PICK_LANES },
] as const;
/** Sums in blocks of 64: a few 1e-6 of the mass. */
const LOG_BOUND = 2e-5;

const draw = fc.record({
  temperature: fc.constantFrom(0, 0.3, 1, 2),
  topK: fc.constantFrom(0, 1, 7, 40),
  topP: fc.constantFrom(0.1, 0.9, 1),
  seed: fc.nat(),
  record: fc.maxSafeNat(),
  position: fc.integer({ min: 0, max: 5000 }),
  /** Ids that are no multiples of it are masked out; 0 where nothing is. */
  mask: fc.integer({ min: 0, max: 3 }),
});

/** Picks of vocabularies of any size: what is certain is what f64 draws, within the mask, with its log-probability. */
export const pickProperty = kernelProperty(
  '',
  8,
  fc.record({
    n: fc.integer({ min: 1, max: 700 }),
    hasEquals: fc.boolean(),
    draws: fc.oneof(fc.tuple(draw), fc.array(draw, { minLength: 2, maxLength: 9 })),
  }),
  async (gpu, cache, { n, hasEquals, draws }, random) => {
    const count = draws.length;
    const logit = () => 12 * (random.uniform() - 0.5);
    const logits = draws.map(() => Float32Array.from({ length: n }, hasEquals ? () => Math.round(logit()) : logit));
    const words = new Uint32Array(4 * Math.ceil(count / 4) * 4);
    fillRows(
      words,
      draws.map(({ position }, slot) => ({ token: 0, slot, position, wantsLogits: true, readsLogits: false })),
    );
    const maskWords = Math.ceil(n / 32);
    const masks = new Uint32Array(count * maskWords);
    const isAllowed = (slot: number, id: number) => id % Math.max(1, draws[slot]?.mask ?? 1) === 0;
    const drawn = new Uint32Array(count * DRAW_WORDS);
    for (const [slot, { record, mask, temperature, topK, topP, seed }] of draws.entries()) {
      const sampling = { temperature, topK, topP, seed };
      drawn.set(drawWords({ sampling, record, wantsLogProbability: true, isMasked: mask > 0 }), slot * DRAW_WORDS);
      for (let id = 0; id < n; id++) {
        const at = slot * maskWords + (id >>> 5);
        if (isAllowed(slot, id)) masks[at] = ((masks[at] ?? 0) | (1 << (id & 31))) >>> 0;
      }
    }
    const columns = count === 1 ? 1 : 4;
    const found: Deviation[] = [];
    for (const { lanes, ...overrides } of LANES) {
      const [, , , , out = new ArrayBuffer(0), latest = new ArrayBuffer(0)] = await runKernel(gpu, cache, {
        kernel: pickKernel,
        choice: { variants: { lanes, draw: 'gumbel' }, overrides: { COLS: columns, ...overrides } },
        params: { n },
        buffers: [
          group(logits, n, columns),
          words,
          drawn,
          masks,
          new Uint32Array(words.length),
          new Uint32Array(count).fill(n),
        ],
        workgroups: [Math.ceil(count / (overrides.WG / overrides.LANES)), 1],
      });
      const picks = new Uint32Array(out);
      const kept = new Uint32Array(latest);
      for (const [slot, { record, position, ...sampling }] of draws.entries()) {
        const [id = 0, isCertain, bits = 0] = picks.subarray(4 * slot);
        const row = logits[slot] ?? new Float32Array(0);
        const allowed = row.map((v, i) => (isAllowed(slot, i) ? v : Number.NEGATIVE_INFINITY));
        const what = `${lanes} ${JSON.stringify(draws[slot])} of ${n}`;
        const right = sampleTokenReference(allowed, sampling, { record, position: position + 1 });
        if (isCertain === 1) found.push({ what: `pick: ${what}`, off: Math.abs(id - right), bound: 0 });
        else found.push({ what: `greedy is certain: ${what}`, off: sampling.temperature === 0 ? 1 : 0, bound: 0 });
        found.push({ what: `latest: ${what}`, off: Math.abs((kept[slot] ?? -1) - id), bound: 0 });
        const top = Math.max(...allowed);
        const mass = Math.log(allowed.reduce((sum, v) => sum + Math.exp(v - top), 0));
        const logProbability = new Float32Array(Uint32Array.of(bits).buffer)[0] ?? Number.NaN;
        const off = Math.abs(logProbability - ((row[id] ?? Number.NaN) - top - mass));
        found.push({ what: `log-probability: ${what}`, off, bound: LOG_BOUND });
      }
    }
    return found;
  },
);
