import { rmsNormReference } from './rms-norm.reference.ts';

/** The shape and constants of one layer's heads. */
export interface HeadShape {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headSize: number;
  readonly rotary: number;
  readonly style: 'pairs' | 'halves';
  /** Gains for q and k heads, if they are normed. */
  readonly gains: { readonly q: ArrayLike<number>; readonly k: ArrayLike<number> } | undefined;
  readonly epsilon: number;
}

/** Heads of q (scaled by 1 / √size), k and v of one row, in f64. */
export function ropeCacheReference(
  shape: HeadShape,
  qkv: ArrayLike<number>,
  bias: ArrayLike<number>,
  angles: (pair: number) => readonly [number, number],
) {
  const { heads, kvHeads, headSize } = shape;
  const row = Float64Array.from(qkv, (v, i) => v + (bias[i] ?? 0));
  const head = (h: number) => row.slice(h * headSize, (h + 1) * headSize);
  const turn = (h: number, gain: ArrayLike<number> | undefined) =>
    rotated(shape, gain ? rmsNormReference(head(h), gain, shape.epsilon) : head(h), angles);
  const range = (first: number, count: number) => Array.from({ length: count }, (_, i) => first + i);
  return {
    q: range(0, heads).map((h) => turn(h, shape.gains?.q).map((v) => v / Math.sqrt(headSize))),
    k: range(heads, kvHeads).map((h) => turn(h, shape.gains?.k)),
    v: range(heads + kvHeads, kvHeads).map(head),
  };
}

function rotated(
  { rotary, style }: HeadShape,
  head: Float64Array,
  angles: (pair: number) => readonly [number, number],
): Float64Array {
  const out = head.slice();
  for (let i = 0; i < rotary / 2; i++) {
    const [first, second] = style === 'pairs' ? [2 * i, 2 * i + 1] : [i, i + rotary / 2];
    const [cos, sin] = angles(i);
    const a = head[first] ?? 0;
    const b = head[second] ?? 0;
    out[first] = a * cos - b * sin;
    out[second] = a * sin + b * cos;
  }
  return out;
}
