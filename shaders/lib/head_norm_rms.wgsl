// RMS norm over each head of q and k (Qwen 3): one chain of fma over d.
fn head_scale(m: u32, h: u32) -> f32 {
  var sum = 0.0;
  for (var d = 0u; d < params.head_size; d++) {
    let v = projected(m, h, d);
    sum = fma(v, v, sum);
  }
  return 1.0 / sqrt(sum / f32(params.head_size) + params.epsilon);
}

fn head_gain(is_key: bool, d: u32) -> f32 {
  let first = (params.heads + 2u * params.kv_heads + select(0u, 1u, is_key)) * params.head_size;
  return vectors[first + d];
}
