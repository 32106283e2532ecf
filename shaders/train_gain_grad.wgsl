// dgain[k] += sum over rows m of dy[m, k] x[s, k] scale[m]: the gradient of an RMS norm's gain; s as in train_rms_norm.
// Dispatch (ceil(k4 / 64), 1, 1): an invocation makes 4 numbers, over all rows in order.
struct TrainGainGradParams {
  rows: u32,
  x_rows: u32,
  k4: u32,
}

@group(0) @binding(0) var<uniform> params: TrainGainGradParams;
@group(0) @binding(1) var<storage, read> dy: array<vec4f>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read> rows: array<vec4u>;
@group(0) @binding(4) var<storage, read> scale: array<f32>;
@group(0) @binding(5) var<storage, read_write> dgain: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3u) {
  let k = id.x;
  if (k >= params.k4) {
    return;
  }
  var sum = vec4f();
  for (var m = 0u; m < params.rows; m++) {
    let source = min(source_row(m), params.x_rows - 1u);
    sum += dy[m * params.k4 + k] * x[source * params.k4 + k] * scale[m];
  }
  dgain[k] += sum;
}
