// The way back through the cross-entropy, in place: a chunk's logits become (softmax(z) - onehot(label)) weight[0], with
// state from train_cross_entropy after the last chunk; zeros for rows without a label (-1) and for the padding of a row.
// The chunk's logits are those of tokens first .. first + count. logits: (rows, stride) f32, stride a multiple of 4.
// Dispatch over rows * stride invocations.
struct TrainCrossEntropyGradParams {
  rows: u32,
  first: u32,
  count: u32,
  stride: u32,
}

@group(0) @binding(0) var<uniform> params: TrainCrossEntropyGradParams;
@group(0) @binding(1) var<storage, read> labels: array<i32>;
@group(0) @binding(2) var<storage, read> state: array<vec4f>;
@group(0) @binding(3) var<storage, read> weight: array<f32>;
@group(0) @binding(4) var<storage, read_write> logits: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * 64u + lane;
  let m = index / params.stride;
  let v = index % params.stride;
  if (m >= params.rows) {
    return;
  }
  let label = labels[m];
  let sums = state[m];
  let p = exp(logits[index] - sums.x) / sums.y;
  let target_mass = select(0.0, 1.0, i32(params.first + v) == label);
  logits[index] = select(0.0, (p - target_mass) * weight[0], v < params.count && label >= 0);
}
