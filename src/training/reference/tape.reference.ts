/** A matrix in f64 and the gradient of the loss by it, both row-major. */
export interface Matrix {
  readonly rows: number;
  readonly columns: number;
  readonly value: Float64Array;
  readonly grad: Float64Array;
}

export function matrix(rows: number, columns: number, value = new Float64Array(rows * columns)): Matrix {
  return { rows, columns, value, grad: new Float64Array(rows * columns) };
}

const at = (array: Float64Array, i: number) => array[i] ?? Number.NaN;

/** Reverse-mode differentiation, one plain loop an operation: the oracle of the GPU's backward pass. */
export class Tape {
  readonly #backward: (() => void)[] = [];

  /** Runs the operations' gradients in reverse; the caller has set the gradient of the last result. */
  backward(): void {
    for (const step of this.#backward.toReversed()) step();
  }

  /** x Wᵀ · scale. */
  linear(x: Matrix, w: Matrix, scale = 1): Matrix {
    const y = matrix(x.rows, w.rows);
    const each = (visit: (yAt: number, xAt: number, wAt: number) => void) => {
      for (let t = 0; t < x.rows; t++)
        for (let n = 0; n < w.rows; n++)
          for (let k = 0; k < x.columns; k++) visit(t * w.rows + n, t * x.columns + k, n * x.columns + k);
    };
    each((i, a, b) => (y.value[i] = at(y.value, i) + scale * at(x.value, a) * at(w.value, b)));
    this.#backward.push(() =>
      each((i, a, b) => {
        x.grad[a] = at(x.grad, a) + scale * at(y.grad, i) * at(w.value, b);
        w.grad[b] = at(w.grad, b) + scale * at(y.grad, i) * at(x.value, a);
      }),
    );
    return y;
  }

  /** a + b, where b may be one row for all. */
  add(a: Matrix, b: Matrix): Matrix {
    const y = matrix(a.rows, a.columns);
    const size = b.value.length;
    y.value.forEach((_, i) => (y.value[i] = at(a.value, i) + at(b.value, i % size)));
    this.#backward.push(() =>
      y.grad.forEach((g, i) => {
        a.grad[i] = at(a.grad, i) + g;
        b.grad[i % size] = at(b.grad, i % size) + g;
      }),
    );
    return y;
  }

  /** Rows of a table. */
  gather(table: Matrix, indices: ArrayLike<number>): Matrix {
    const y = matrix(indices.length, table.columns);
    const source = (i: number) => (indices[Math.floor(i / table.columns)] ?? 0) * table.columns + (i % table.columns);
    y.value.forEach((_, i) => (y.value[i] = at(table.value, source(i))));
    this.#backward.push(() => y.grad.forEach((g, i) => (table.grad[source(i)] = at(table.grad, source(i)) + g)));
    return y;
  }

  /** RMS norm of each run of `gain.columns` numbers: of rows, or of heads within them. */
  rmsNorm(x: Matrix, gain: Matrix, epsilon: number): Matrix {
    const y = matrix(x.rows, x.columns);
    const size = gain.columns;
    const scales = Array.from({ length: x.value.length / size }, (_, run) => {
      const values = x.value.subarray(run * size, (run + 1) * size);
      return 1 / Math.sqrt(values.reduce((sum, v) => sum + v * v, 0) / size + epsilon);
    });
    y.value.forEach((_, i) => {
      y.value[i] = at(x.value, i) * (scales[Math.floor(i / size)] ?? 0) * at(gain.value, i % size);
    });
    this.#backward.push(() =>
      scales.forEach((r, run) => {
        let mean = 0;
        for (let i = run * size; i < (run + 1) * size; i++)
          mean += (at(y.grad, i) * at(gain.value, i % size) * at(x.value, i) * r) / size;
        for (let i = run * size; i < (run + 1) * size; i++) {
          const n = at(x.value, i) * r;
          x.grad[i] = at(x.grad, i) + r * (at(y.grad, i) * at(gain.value, i % size) - n * mean);
          gain.grad[i % size] = at(gain.grad, i % size) + at(y.grad, i) * n;
        }
      }),
    );
    return y;
  }

  /** Turns pairs of each head's dimensions: `angle(t, i)` for pair i of row t; `pair(i)` gives its two dimensions. */
  rope(
    x: Matrix,
    headSize: number,
    pairs: number,
    angle: (t: number, i: number) => number,
    pair: (i: number) => readonly [number, number],
  ): Matrix {
    const y = matrix(x.rows, x.columns, x.value.slice());
    const turn = (from: Float64Array, to: Float64Array, sign: number) => {
      for (let t = 0; t < x.rows; t++)
        for (let head = 0; head < x.columns / headSize; head++)
          for (let i = 0; i < pairs; i++) {
            const [first, second] = pair(i).map((d) => t * x.columns + head * headSize + d) as [number, number];
            const [a, b] = [at(from, first), at(from, second)];
            const [c, s] = [Math.cos(angle(t, i)), sign * Math.sin(angle(t, i))];
            to[first] = a * c - b * s;
            to[second] = a * s + b * c;
          }
    };
    turn(x.value, y.value, 1);
    this.#backward.push(() => {
      const back = y.grad.slice();
      turn(y.grad, back, -1);
      back.forEach((g, i) => (x.grad[i] = at(x.grad, i) + g));
    });
    return y;
  }

  /** Causal attention of grouped heads within segments; `starts[t]` is the first row that row t sees. */
  attention(q: Matrix, k: Matrix, v: Matrix, headSize: number, starts: ArrayLike<number>): Matrix {
    const y = matrix(q.rows, q.columns);
    const heads = q.columns / headSize;
    const group = q.columns / k.columns;
    const sigma = 1 / Math.sqrt(headSize);
    const head = (m: Float64Array, columns: number, t: number, h: number) =>
      m.subarray(t * columns + h * headSize, t * columns + (h + 1) * headSize);
    const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, i) => sum + value * at(b, i), 0);
    const addTo = (target: Float64Array, factor: number, other: Float64Array) =>
      other.forEach((value, i) => (target[i] = at(target, i) + factor * value));
    const probabilities = new Map<string, Float64Array>();
    const each = (visit: (t: number, h: number, kv: number, first: number) => void) => {
      for (let t = 0; t < q.rows; t++)
        for (let h = 0; h < heads; h++) visit(t, h, Math.floor(h / group), starts[t] ?? 0);
    };
    each((t, h, kv, first) => {
      const query = head(q.value, q.columns, t, h);
      const scores = Float64Array.from({ length: t - first + 1 }, (_, j) =>
        dot(query, head(k.value, k.columns, first + j, kv)),
      ).map((s) => s * sigma);
      const top = Math.max(...scores);
      const mass = scores.reduce((sum, s) => sum + Math.exp(s - top), 0);
      const p = scores.map((s) => Math.exp(s - top) / mass);
      probabilities.set(`${t},${h}`, p);
      p.forEach((weight, j) => addTo(head(y.value, y.columns, t, h), weight, head(v.value, v.columns, first + j, kv)));
    });
    this.#backward.push(() =>
      each((t, h, kv, first) => {
        const p = probabilities.get(`${t},${h}`) ?? new Float64Array();
        const dy = head(y.grad, y.columns, t, h);
        const dp = p.map((_, j) => dot(dy, head(v.value, v.columns, first + j, kv)));
        const delta = dot(p, dp);
        p.forEach((weight, j) => {
          const ds = weight * (at(dp, j) - delta) * sigma;
          addTo(head(q.grad, q.columns, t, h), ds, head(k.value, k.columns, first + j, kv));
          addTo(head(k.grad, k.columns, first + j, kv), ds, head(q.value, q.columns, t, h));
          addTo(head(v.grad, v.columns, first + j, kv), weight, dy);
        });
      }),
    );
    return y;
  }

  /** silu(e) · f. */
  swiglu(e: Matrix, f: Matrix): Matrix {
    const y = matrix(e.rows, e.columns);
    const sigmoid = e.value.map((value) => 1 / (1 + Math.exp(-value)));
    y.value.forEach((_, i) => (y.value[i] = at(e.value, i) * at(sigmoid, i) * at(f.value, i)));
    this.#backward.push(() =>
      y.grad.forEach((g, i) => {
        const s = at(sigmoid, i);
        e.grad[i] = at(e.grad, i) + g * at(f.value, i) * s * (1 + at(e.value, i) * (1 - s));
        f.grad[i] = at(f.grad, i) + g * at(e.value, i) * s;
      }),
    );
    return y;
  }

  /** Sum of the cross-entropies of rows with a label ≥ 0, over `count`; sets the logits' gradient. */
  crossEntropy(logits: Matrix, labels: ArrayLike<number>, count: number): number {
    const { rows, columns, value, grad } = logits;
    let loss = 0;
    for (let t = 0; t < rows; t++) {
      const label = labels[t] ?? -1;
      if (label < 0) continue;
      const row = value.subarray(t * columns, (t + 1) * columns);
      const top = Math.max(...row);
      const mass = row.reduce((sum, z) => sum + Math.exp(z - top), 0);
      loss += (Math.log(mass) + top - at(row, label)) / count;
      row.forEach((z, v) => (grad[t * columns + v] = (Math.exp(z - top) / mass - (v === label ? 1 : 0)) / count));
    }
    return loss;
  }
}
