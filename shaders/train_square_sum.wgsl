// partial[i] = sum of squares of every 4096th vector of x from the i-th: the first stage of a norm, in a fixed order.
// Dispatch (64, 1, 1).
struct TrainSquareSumParams {
  count4: u32,
}

@group(0) @binding(0) var<uniform> params: TrainSquareSumParams;
@group(0) @binding(1) var<storage, read> x: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> partial_sums: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  var sum = 0.0;
  for (var i = id.x; i < params.count4; i += 4096u) {
    sum += dot(x[i], x[i]);
  }
  partial_sums[id.x] = sum;
}
