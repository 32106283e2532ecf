// y = e sigmoid(e) f, with gate e and up f side by side in each row. gate_up: (rows, 2, 4 width4); y: (rows, 4 width4).
// Dispatch over rows * width4 invocations. Source: Shazeer 2020.
struct TrainSwigluParams {
  rows: u32,
  width4: u32,
}

@group(0) @binding(0) var<uniform> params: TrainSwigluParams;
@group(0) @binding(1) var<storage, read> gate_up: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * 64u + lane;
  let t = index / params.width4;
  if (t >= params.rows) {
    return;
  }
  let at = 2u * t * params.width4 + index % params.width4;
  let e = gate_up[at];
  // The bound keeps exp finite; beyond it the sigmoid is below 2e-35.
  let sigmoid = 1.0 / (1.0 + exp(min(-e, vec4f(80.0))));
  y[index] = e * sigmoid * gate_up[at + params.width4];
}
