// The way back through train_swiglu, in place: gate_up becomes its gradient, and dy becomes the output y again, which the
// gradient of the next layer's weights needs. de = dy f s (1 + e (1 - s)), df = dy e s with s = sigmoid(e).
// Dispatch over rows * width4 invocations.
struct TrainSwigluGradParams {
  rows: u32,
  width4: u32,
}

@group(0) @binding(0) var<uniform> params: TrainSwigluGradParams;
@group(0) @binding(1) var<storage, read_write> gate_up: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> dy: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * 64u + lane;
  let t = index / params.width4;
  if (t >= params.rows) {
    return;
  }
  let at = 2u * t * params.width4 + index % params.width4;
  let e = gate_up[at];
  let f = gate_up[at + params.width4];
  let g = dy[index];
  let sigmoid = 1.0 / (1.0 + exp(min(-e, vec4f(80.0))));
  gate_up[at] = g * f * sigmoid * (1.0 + e * (1.0 - sigmoid));
  gate_up[at + params.width4] = g * e * sigmoid;
  dy[index] = e * sigmoid * f;
}
