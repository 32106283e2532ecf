// y[m, k] = x[s, k] / sqrt(mean over k of x[s, k]^2 + epsilon) * gain[k] with s the source of row m (source_*.wgsl).
// x: (groups, K, COLS_IN), y: (groups, K, COLS) f32. Dispatch (rows, 1, 1), one workgroup a row.
// Source: Zhang and Sennrich 2019. f32 sums: lane-strided chains, then a fixed tree.
struct RmsNormParams {
  k: u32,
  epsilon: f32,
}

override COLS_IN: u32 = 1;
override COLS: u32 = 1;
const WG = 64u;

@group(0) @binding(0) var<uniform> params: RmsNormParams;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gain: array<f32>;
@group(0) @binding(3) var<storage, read> rows: array<vec4u>;
@group(0) @binding(4) var<storage, read_write> y: array<f32>;

var<workgroup> sums: array<f32, WG>;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let m = group.x;
  let s = source_row(m);
  let source = (s / COLS_IN) * params.k * COLS_IN + s % COLS_IN;
  let to = (m / COLS) * params.k * COLS + m % COLS;
  var sum = 0.0;
  for (var k = lane; k < params.k; k += WG) {
    let v = x[source + k * COLS_IN];
    sum = fma(v, v, sum);
  }
  sums[lane] = sum;
  workgroupBarrier();
  for (var width = WG / 2u; width > 0u; width /= 2u) {
    if (lane < width) {
      sums[lane] += sums[lane + width];
    }
    workgroupBarrier();
  }
  let scale = 1.0 / sqrt(sums[0] / f32(params.k) + params.epsilon);
  for (var k = lane; k < params.k; k += WG) {
    y[to + k * COLS] = x[source + k * COLS_IN] * scale * gain[k];
  }
}
