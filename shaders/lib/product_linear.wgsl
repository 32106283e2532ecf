// What both kernels of y = base + scale * x W^T share: parameters, bindings, and the end of a sum. base by `mode`:
// 0 nothing, 1 y itself, 2 residual[t, n], 3 residual[n] (a bias). W: rows w_row0 .. w_row0 + n of a matrix in any format.
struct LinearParams {
  rows: u32,
  n: u32,
  k4: u32,
  half_base: u32,
  w_row0: u32,
  x_stride4: u32,
  x_col4: u32,
  y_stride: u32,
  y_col0: u32,
  mode: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: LinearParams;
@group(0) @binding(1) var<storage, read> weights: array<u32>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read> residual: array<f32>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

// Outputs beyond the last repeat it and are not stored.
fn run_of(n: u32, run: u32) -> Run {
  return load_run(params.w_row0 + min(n, params.n - 1u), run);
}

fn finish(row: u32, n: u32, sums: vec4f) {
  let at = row * params.y_stride + params.y_col0 + n;
  let count = select(0u, min(4u, params.n - min(n, params.n)), row < params.rows);
  for (var i = 0u; i < count; i++) {
    var base = 0.0;
    if (params.mode == 1u) {
      base = y[at + i];
    } else if (params.mode == 2u) {
      base = residual[at + i];
    } else if (params.mode == 3u) {
      base = residual[params.y_col0 + n + i];
    }
    y[at + i] = fma(params.scale, sums[i], base);
  }
}
