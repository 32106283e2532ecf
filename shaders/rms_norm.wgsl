// y[m, k] = x[s, k] / sqrt(mean over k of x[s, k]^2 + epsilon) * gain[k] with s the source of row m (source_*.wgsl).
// x: (groups, K, COLS_IN), y: (groups, K, COLS) f32. Dispatch (rows / (WG / LANES), 1, 1): LANES lanes a row. Rows beyond
// the step's are computed from what lies there; nothing reads them.
// Source: Zhang and Sennrich 2019. f32 sums: lane-strided chains, then a fixed tree (lanes_*.wgsl).
struct RmsNormParams {
  k: u32,
  epsilon: f32,
}

override COLS_IN: u32 = 1;
override COLS: u32 = 1;
override WG: u32 = 64;
override LANES: u32 = 64;

@group(0) @binding(0) var<uniform> params: RmsNormParams;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gain: array<f32>;
@group(0) @binding(3) var<storage, read> rows: array<vec4u>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let lane = lanes_lane(local);
  let m = lanes_row(group.x, local);
  let s = source_row(m);
  let source = (s / COLS_IN) * params.k * COLS_IN + s % COLS_IN;
  let to = (m / COLS) * params.k * COLS + m % COLS;
  var sum = 0.0;
  for (var k = lane; k < params.k; k += LANES) {
    let v = x[source + k * COLS_IN];
    sum = fma(v, v, sum);
  }
  sum = lanes_sum(sum, local);
  let scale = 1.0 / sqrt(sum / f32(params.k) + params.epsilon);
  for (var k = lane; k < params.k; k += LANES) {
    y[to + k * COLS] = x[source + k * COLS_IN] * scale * gain[k];
  }
}
