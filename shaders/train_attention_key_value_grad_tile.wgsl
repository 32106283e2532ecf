// train_attention_key_value_grad in tiles (lib/attention_tile.wgsl): an invocation makes keys and values j .. j + 3 of a kv
// head. Parameters and bindings as there; T is a multiple of 4. Dispatch over T / 4 * kv_heads invocations.
@group(0) @binding(3) var<storage, read> dout: array<vec4f>;
@group(0) @binding(4) var<storage, read> mass: array<f32>;
@group(0) @binding(5) var<storage, read> delta: array<f32>;
@group(0) @binding(6) var<storage, read_write> dqkv: array<vec4f>;

// The gradients of the outputs at `at` of four rows that lie side by side.
fn four_grads(at: u32) -> mat4x4f {
  let width = params.heads * HEAD4;
  return mat4x4f(dout[at], dout[at + width], dout[at + 2u * width], dout[at + 3u * width]);
}

@compute @workgroup_size(16)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * 16u + lane;
  let kv = index % params.kv_heads;
  let j = (index / params.kv_heads) * 4u;
  if (j >= params.rows) {
    return;
  }
  let stride = qkv_stride();
  let key_at = j * stride + key_column(kv);
  let value_at = key_at + value_offset();
  var dk: head_tile;
  var dv: head_tile;
  let group_size = params.heads / params.kv_heads;
  for (var h = kv * group_size; h < (kv + 1u) * group_size; h++) {
    for (var i = j; i < params.rows; i += 4u) {
      // Later segments do not see these keys.
      let starts = starts_of(i);
      if (starts.x > j + 3u) {
        break;
      }
      let query_at = i * stride + h * HEAD4;
      let grad_at = (i * params.heads + h) * HEAD4;
      // Column r: row i + r against the four keys.
      var s = mat4x4f();
      var dp = mat4x4f();
      for (var d = 0u; d < HEAD4; d++) {
        let q = four(query_at + d);
        let k = four(key_at + d);
        s += mat4x4f(q[0] * k, q[1] * k, q[2] * k, q[3] * k);
        let g = four_grads(grad_at + d);
        let v = four(value_at + d);
        dp += mat4x4f(g[0] * v, g[1] * v, g[2] * v, g[3] * v);
      }
      var p = mat4x4f();
      var ds = mat4x4f();
      for (var r = 0u; r < 4u; r++) {
        let at = h * params.rows + i + r;
        p[r] = select(vec4f(), exp(params.sigma * s[r] - mass[at]), sees(i + r, starts[r], j));
        ds[r] = p[r] * (dp[r] - delta[at]) * params.sigma;
      }
      let to_keys = transpose(ds);
      let to_values = transpose(p);
      for (var d = 0u; d < HEAD4; d++) {
        dk[d] += four(query_at + d) * to_keys;
        dv[d] += four_grads(grad_at + d) * to_values;
      }
    }
  }
  for (var r = 0u; r < 4u; r++) {
    for (var d = 0u; d < HEAD4; d++) {
      dqkv[key_at + r * stride + d] = dk[d][r];
      dqkv[value_at + r * stride + d] = dv[d][r];
    }
  }
}
