// The way back through train_attention to keys and values, summed over the queries of the group that share them and over
// the later rows i of the segment: dv_j = sum of p dout_i, dk_j = sum of ds q_i; p and ds as in train_attention_query_grad,
// which must have run before, for delta. dqkv: as qkv, only the parts of keys and values are written.
// Dispatch over rows * kv_heads invocations. No atomics: every sum has one order.
@group(0) @binding(3) var<storage, read> dout: array<vec4f>;
@group(0) @binding(4) var<storage, read> mass: array<f32>;
@group(0) @binding(5) var<storage, read> delta: array<f32>;
@group(0) @binding(6) var<storage, read_write> dqkv: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * 64u + lane;
  let j = index % params.rows;
  let kv = index / params.rows;
  if (kv >= params.kv_heads) {
    return;
  }
  let stride = qkv_stride();
  let key_at = j * stride + key_column(kv);
  let value_at = key_at + value_offset();
  var k: head_vector;
  var v: head_vector;
  var dk: head_vector;
  var dv: head_vector;
  for (var d = 0u; d < HEAD4; d++) {
    k[d] = qkv[key_at + d];
    v[d] = qkv[value_at + d];
    dk[d] = vec4f();
    dv[d] = vec4f();
  }
  let segment = rows[j].z;
  let group_size = params.heads / params.kv_heads;
  for (var h = kv * group_size; h < (kv + 1u) * group_size; h++) {
    for (var i = j; i < params.rows; i++) {
      if (rows[i].z != segment) {
        break;
      }
      let q_at = i * stride + h * HEAD4;
      let g_at = (i * params.heads + h) * HEAD4;
      var s = 0.0;
      var dp = 0.0;
      for (var d = 0u; d < HEAD4; d++) {
        s += dot(qkv[q_at + d], k[d]);
        dp += dot(dout[g_at + d], v[d]);
      }
      let p = exp(params.sigma * s - mass[h * params.rows + i]);
      let ds = p * (dp - delta[h * params.rows + i]) * params.sigma;
      for (var d = 0u; d < HEAD4; d++) {
        dk[d] += ds * qkv[q_at + d];
        dv[d] += p * dout[g_at + d];
      }
    }
  }
  for (var d = 0u; d < HEAD4; d++) {
    dqkv[key_at + d] = dk[d];
    dqkv[value_at + d] = dv[d];
  }
}
