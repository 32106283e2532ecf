// dx[s, k] += scale[m] (dy[m, k] gain[k] - n[k] mean over i of dy[m, i] gain[i] n[i]), n = x[s] scale[m]: the way back
// through the RMS norm of row m, whose source s (source_*.wgsl) is its own. Rows with a source beyond the batch do nothing.
// Dispatch (ceil(rows / (64 / LANES)), 1, 1).
struct TrainRmsNormGradParams {
  rows: u32,
  x_rows: u32,
  k4: u32,
}

@group(0) @binding(0) var<uniform> params: TrainRmsNormGradParams;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read> gain: array<vec4f>;
@group(0) @binding(4) var<storage, read> rows: array<vec4u>;
@group(0) @binding(5) var<storage, read> scale: array<f32>;
@group(0) @binding(6) var<storage, read_write> dx: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let m = min(group.x * (64u / LANES) + local / LANES, params.rows);
  let lane = local % LANES;
  let row = min(m, params.rows - 1u);
  let source = source_row(row);
  let at = min(source, params.x_rows - 1u) * params.k4;
  let r = scale[row];
  var sum = 0.0;
  for (var k = lane; k < params.k4; k += LANES) {
    sum += dot(dy[row * params.k4 + k] * gain[k], x[at + k]);
  }
  let mean = row_sum(sum, local) * r / f32(4u * params.k4);
  if (m < params.rows && source < params.x_rows) {
    for (var k = lane; k < params.k4; k += LANES) {
      dx[at + k] += r * (dy[row * params.k4 + k] * gain[k] - x[at + k] * r * mean);
    }
  }
}
