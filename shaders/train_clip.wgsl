// From the partial sums of train_square_sum: clip = (norm, min(1, limit / (norm + 1e-6))), the factor by which AdamW scales
// the gradients. A norm that is not finite gives the factor 0, and AdamW then changes nothing.
// Dispatch (1, 1, 1). Source: clipping by global norm, Pascanu et al. 2013.
struct TrainClipParams {
  count: u32,
  limit: f32,
}

@group(0) @binding(0) var<uniform> params: TrainClipParams;
@group(0) @binding(1) var<storage, read> partial_sums: array<f32>;
@group(0) @binding(2) var<storage, read_write> clip: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) local: u32) {
  var sum = 0.0;
  for (var i = local; i < params.count; i += 64u) {
    sum += partial_sums[i];
  }
  let norm = sqrt(row_sum(sum, local));
  if (local == 0u) {
    // By the bits: a compiler may assume that comparisons meet no infinities.
    let finite = (bitcast<u32>(norm) & 0x7f800000u) != 0x7f800000u;
    clip[0] = norm;
    clip[1] = select(0.0, min(1.0, params.limit / (norm + 1e-6)), finite);
  }
}
