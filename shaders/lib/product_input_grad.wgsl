// What both kernels of dx = (mode 1: dx) + scale * dy W share: parameters, bindings, and the end of a sum.
struct LinearInputGradParams {
  rows: u32,
  n: u32,
  k4: u32,
  half_base: u32,
  w_row0: u32,
  dy_stride4: u32,
  dy_col4: u32,
  dx_stride4: u32,
  dx_col4: u32,
  mode: u32,
  scale: f32,
}

@group(0) @binding(0) var<uniform> params: LinearInputGradParams;
@group(0) @binding(1) var<storage, read> weights: array<u32>;
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dx: array<vec4f>;

fn run_of(n: u32, run: u32) -> Run {
  return load_run(params.w_row0 + min(n, params.n - 1u), run);
}

fn finish(row: u32, column: u32, sums: vec4f) {
  if (column >= params.k4 || row >= params.rows) {
    return;
  }
  let at = row * params.dx_stride4 + params.dx_col4 + column;
  if (params.mode == 1u) {
    dx[at] = fma(vec4f(params.scale), sums, dx[at]);
  } else {
    dx[at] = params.scale * sums;
  }
}
