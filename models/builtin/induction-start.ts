import { createRandom } from '../../src/base/random.ts';
import type { ModelConfig } from '../../src/engine/index.ts';

/** First weights by their GGUF names, matrices row by row: [out][in]. */
type Parameters = ReadonlyMap<string, Float32Array<ArrayBuffer>>;

/** Pairs of the rotary embedding that turn fast enough to tell a token from its neighbour. */
const FAST_PAIRS = 4;
/** Sharp from the start: the neighbour gets nearly all of the attention. */
const NEIGHBOUR_GAIN = 3;
/** One channel is the same for every token, so that a head can attend by place alone. */
const CONSTANT = 0.2;
const WRITE_GAIN = 0.1;
const MATCH_GAIN = 2;
const COPY_GAIN = 1;
/** The rest of the first two layers begins quiet, so that it does not drown this. */
const QUIET = 0.1;

/**
 * Turns one group of heads of the first layer into "what stood before this token" and one of the second into "copy what
 * came after the last place like this": the two halves of an induction head. Quoting a fact is made of it. A model this
 * small finds it by itself only after tens of millions of tokens; given it at the start, it refines it from the first step.
 *
 * Sources: Olsson et al. 2022 (arXiv 2209.11895) for the circuit, Trockman and Kolter 2023 (arXiv 2305.09828) for first
 * weights that imitate trained attention.
 *
 * @param parameters changed in place; of a llama of at least two layers with rotary pairs side by side
 */
export function startWithInduction(config: ModelConfig, parameters: Parameters, seed: number): void {
  const { width, headSize, heads, kvHeads, ropeBase } = config;
  const random = createRandom(seed);
  const normal = () => Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
  const of = (name: string) => {
    const values = parameters.get(name);
    if (!values) throw new Error(`the model has no ${name}`);
    return values;
  };
  const projection = () =>
    Float32Array.from({ length: headSize * width }, (_, at) => (at % width === 0 ? 0 : normal() / Math.sqrt(width)));

  const embedding = of('token_embd.weight');
  for (let at = 0; at < embedding.length; at += width) embedding[at] = CONSTANT;

  // q · k is the sum of cos((distance - n) θ) over the fast pairs, greatest at distance n: 1 for the first head, 2 for the next.
  const [q, k] = [of('blk.0.attn_q.weight'), of('blk.0.attn_k.weight')];
  q.fill(0, 0, Math.min(2, heads / kvHeads) * headSize * width);
  k.fill(0, 0, headSize * width);
  for (let pair = 0; pair < FAST_PAIRS; pair++) {
    const angle = ropeBase ** ((-2 * pair) / headSize);
    const [cos, sin] = [NEIGHBOUR_GAIN * Math.cos(angle), NEIGHBOUR_GAIN * Math.sin(angle)];
    const [even, odd] = [2 * pair * width, (2 * pair + 1) * width];
    q[even] = NEIGHBOUR_GAIN;
    k[even] = cos;
    k[odd] = sin;
    if (heads / kvHeads < 2) continue;
    q[headSize * width + even] = cos;
    q[headSize * width + odd] = -sin;
  }

  for (const name of ['attn_output', 'ffn_down'])
    for (const layer of [0, 1]) {
      const values = of(`blk.${layer}.${name}.weight`);
      for (const at of values.keys()) values[at] = QUIET * (values[at] ?? 0);
    }

  const [read, write, copy] = [projection(), projection(), projection()];
  setRows(of('blk.0.attn_v.weight'), read);
  setColumns(of('blk.0.attn_output.weight'), write, WRITE_GAIN);
  // A match must hold at any distance: only pairs that turn slowly take part.
  const slow = (values: Float32Array) =>
    values.map((value, at) => (at < 3 * FAST_PAIRS * width ? 0 : MATCH_GAIN * value));
  setRows(of('blk.1.attn_q.weight'), slow(read));
  setRows(of('blk.1.attn_k.weight'), slow(write));
  setRows(of('blk.1.attn_v.weight'), copy);
  setColumns(of('blk.1.attn_output.weight'), copy, COPY_GAIN);

  /** The rows of the first head. */
  function setRows(matrix: Float32Array, rows: Float32Array): void {
    matrix.set(rows);
  }

  /** The columns that the first head feeds: the transpose of `rows`. */
  function setColumns(matrix: Float32Array, rows: Float32Array, gain: number): void {
    const columns = matrix.length / width;
    for (let row = 0; row < width; row++)
      for (let column = 0; column < headSize; column++)
        matrix[row * columns + column] = gain * (rows[column * width + row] ?? 0);
  }
}
