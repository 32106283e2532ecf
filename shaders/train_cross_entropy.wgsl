// A chunk of the vocabulary of the cross-entropy: state[m] = (top, sum over v so far of exp(z[m, v] - top), z[m, label]),
// and with it loss[m] = log sum of exp(z[m, v]) - z[m, label], which holds after the last chunk; 0 for rows without a
// label (-1). The chunk's logits are those of tokens first .. first + count. Chunks run from the first one on.
// logits: (rows, stride) f32. Dispatch (ceil(rows / (64 / LANES)), 1, 1).
// Source: online softmax, Milakov and Gimelshein 2018.
struct TrainCrossEntropyParams {
  rows: u32,
  first: u32,
  count: u32,
  stride: u32,
}

@group(0) @binding(0) var<uniform> params: TrainCrossEntropyParams;
@group(0) @binding(1) var<storage, read> labels: array<i32>;
@group(0) @binding(2) var<storage, read> logits: array<f32>;
@group(0) @binding(3) var<storage, read_write> state: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> loss: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let m = group.x * (64u / LANES) + local / LANES;
  let lane = local % LANES;
  let row = min(m, params.rows - 1u);
  let start = row * params.stride;
  var best = -3.0e38;
  for (var v = lane; v < params.count; v += LANES) {
    best = max(best, logits[start + v]);
  }
  let before = select(state[row], vec4f(-3.0e38, 0.0, 0.0, 0.0), params.first == 0u);
  let top = max(before.x, row_max(best, local));
  var part = 0.0;
  for (var v = lane; v < params.count; v += LANES) {
    part += exp(logits[start + v] - top);
  }
  let sum = before.y * exp(before.x - top) + row_sum(part, local);
  if (m < params.rows && lane == 0u) {
    let label = labels[row];
    var picked = before.z;
    if (label >= i32(params.first) && label < i32(params.first + params.count)) {
      picked = logits[start + u32(label) - params.first];
    }
    state[row] = vec4f(top, sum, picked, 0.0);
    loss[m] = select(0.0, log(sum) + (top - picked), label >= 0);
  }
}
