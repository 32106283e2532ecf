// loss[m] = log sum over v of exp(z[m, v]) - z[m, label], and in place of the logits z their gradient
// (softmax(z) - onehot(label)) / count; zeros for rows without a label (-1) and for the padding of a row.
// logits: (rows, stride) f32 with stride a multiple of 4. Dispatch (ceil(rows / (64 / LANES)), 1, 1).
struct TrainCrossEntropyParams {
  rows: u32,
  vocabulary: u32,
  stride: u32,
  inverse_count: f32,
}

@group(0) @binding(0) var<uniform> params: TrainCrossEntropyParams;
@group(0) @binding(1) var<storage, read> labels: array<i32>;
@group(0) @binding(2) var<storage, read_write> logits: array<f32>;
@group(0) @binding(3) var<storage, read_write> loss: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let m = group.x * (64u / LANES) + local / LANES;
  let lane = local % LANES;
  let row = min(m, params.rows - 1u);
  let start = row * params.stride;
  let label = labels[row];
  var best = -3.0e38;
  for (var v = lane; v < params.vocabulary; v += LANES) {
    best = max(best, logits[start + v]);
  }
  let top = row_max(best, local);
  var part = 0.0;
  for (var v = lane; v < params.vocabulary; v += LANES) {
    part += exp(logits[start + v] - top);
  }
  let sum = row_sum(part, local);
  let picked = logits[start + u32(max(label, 0))];
  let counted = select(0.0, params.inverse_count, label >= 0);
  // Every lane has read the label's logit before any lane overwrites it.
  _ = row_sum(0.0, local);
  if (m < params.rows) {
    if (lane == 0u) {
      loss[m] = select(0.0, log(sum) + top - picked, label >= 0);
    }
    for (var v = lane; v < params.stride; v += LANES) {
      let p = exp(logits[start + v] - top) / sum;
      let g = (p - select(0.0, 1.0, i32(v) == label)) * counted;
      logits[start + v] = select(0.0, g, v < params.vocabulary && label >= 0);
    }
  }
}
