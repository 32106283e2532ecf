// What both kernels of dW += scale * dy^T x share: parameters, bindings, and the end of a sum.
struct LinearWeightGradParams {
  rows: u32,
  n: u32,
  k4: u32,
  dy_stride4: u32,
  dy_col4: u32,
  x_stride4: u32,
  x_col4: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: LinearWeightGradParams;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dw: array<vec4f>;

fn finish(n: u32, column: u32, sums: vec4f) {
  if (n < params.n && column < params.k4) {
    let at = n * params.k4 + column;
    dw[at] = fma(vec4f(params.scale), sums, dw[at]);
  }
}
