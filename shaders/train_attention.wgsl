// Causal attention within segments, with grouped queries: out[t, h] = sum over j of p_j v_j, p = softmax(sigma q_t k_j) over
// rows j of t's segment up to t (rows[t].z is its first). mass[h, t] = log of the sum of exp(sigma q_t k_j).
// qkv: (rows, heads + 2 kv_heads, 4 HEAD4): turned queries and keys, then values; out: (rows, heads, 4 HEAD4).
// Dispatch over rows * heads invocations, rows side by side, as they read the same keys.
// Source: online softmax, Milakov and Gimelshein 2018; FlashAttention, Dao et al. 2022.
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> mass: array<f32>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * 64u + lane;
  let t = index % params.rows;
  let h = index / params.rows;
  if (h >= params.heads) {
    return;
  }
  let stride = qkv_stride();
  let key_at = key_column(kv_of(h));
  let value_at = key_at + value_offset();
  var q: head_vector;
  var mixed: head_vector;
  for (var d = 0u; d < HEAD4; d++) {
    q[d] = qkv[t * stride + h * HEAD4 + d] * params.sigma;
    mixed[d] = vec4f();
  }
  var top = -3.0e38;
  var sum = 0.0;
  for (var j = rows[t].z; j <= t; j++) {
    var s = 0.0;
    for (var d = 0u; d < HEAD4; d++) {
      s += dot(q[d], qkv[j * stride + key_at + d]);
    }
    if (s > top) {
      let shrink = exp(top - s);
      top = s;
      sum *= shrink;
      for (var d = 0u; d < HEAD4; d++) {
        mixed[d] *= shrink;
      }
    }
    let p = exp(s - top);
    sum += p;
    for (var d = 0u; d < HEAD4; d++) {
      mixed[d] += p * qkv[j * stride + value_at + d];
    }
  }
  for (var d = 0u; d < HEAD4; d++) {
    out[(t * params.heads + h) * HEAD4 + d] = mixed[d] / sum;
  }
  mass[h * params.rows + t] = top + log(sum);
}
