// scale[m] = 1 / sqrt(mean over k of x[s, k]^2 + epsilon), y[m, k] = x[s, k] scale[m] gain[k]; s is the source of row m
// (source_*.wgsl). Sources beyond the batch, which fill up a list, make zeros. x, y: row-major f32.
// Dispatch (ceil(rows / (64 / LANES)), 1, 1). Source: Zhang and Sennrich 2019.
struct TrainRmsNormParams {
  rows: u32,
  x_rows: u32,
  k4: u32,
  epsilon: f32,
}

@group(0) @binding(0) var<uniform> params: TrainRmsNormParams;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read> gain: array<vec4f>;
@group(0) @binding(3) var<storage, read> rows: array<vec4u>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> scale: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let m = group.x * (64u / LANES) + local / LANES;
  let lane = local % LANES;
  let source = source_row(min(m, params.rows - 1u));
  let start = min(source, params.x_rows - 1u) * params.k4;
  var sum = 0.0;
  for (var k = lane; k < params.k4; k += LANES) {
    let v = x[start + k];
    sum += dot(v, v);
  }
  let mean = row_sum(sum, local) / f32(4u * params.k4);
  if (m < params.rows) {
    let r = select(0.0, 1.0 / sqrt(mean + params.epsilon), source < params.x_rows);
    if (lane == 0u) {
      scale[m] = r;
    }
    for (var k = lane; k < params.k4; k += LANES) {
      y[m * params.k4 + k] = x[start + k] * r * gain[k];
    }
  }
}
