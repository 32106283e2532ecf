// train_attention_query_grad in tiles (lib/attention_tile.wgsl): an invocation makes rows t .. t + 3 of a head.
// Parameters and bindings as there; T is a multiple of 4. Dispatch over T / 4 * heads invocations, heads side by side, as
// their loops have one length.
@group(0) @binding(3) var<storage, read> out: array<vec4f>;
@group(0) @binding(4) var<storage, read> dout: array<vec4f>;
@group(0) @binding(5) var<storage, read> mass: array<f32>;
@group(0) @binding(6) var<storage, read_write> delta: array<f32>;
@group(0) @binding(7) var<storage, read_write> dqkv: array<vec4f>;

@compute @workgroup_size(16)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let index = (group.y * groups.x + group.x) * 16u + lane;
  let h = index % params.heads;
  let t = (index / params.heads) * 4u;
  if (t >= params.rows) {
    return;
  }
  let stride = qkv_stride();
  let query_at = t * stride + h * HEAD4;
  let starts = starts_of(t);
  // Vectors from a row of `out` to the next.
  let width = params.heads * HEAD4;
  let out_at = t * width + h * HEAD4;
  var own = vec4f();
  var log_sum = vec4f();
  for (var r = 0u; r < 4u; r++) {
    for (var d = 0u; d < HEAD4; d++) {
      own[r] += dot(dout[out_at + r * width + d], out[out_at + r * width + d]);
    }
    log_sum[r] = mass[h * params.rows + t + r];
    delta[h * params.rows + t + r] = own[r];
  }
  var dq: head_tile;
  for (var j = starts.x & ~3u; j <= t; j += 4u) {
    let key_at = j * stride + key_column(kv_of(h));
    var s = mat4x4f();
    var dp = mat4x4f();
    for (var d = 0u; d < HEAD4; d++) {
      let k = four(key_at + d);
      let q = four(query_at + d);
      s += mat4x4f(q[0] * k, q[1] * k, q[2] * k, q[3] * k);
      let v = four(key_at + value_offset() + d);
      let at = out_at + d;
      dp += mat4x4f(dout[at] * v, dout[at + width] * v, dout[at + 2u * width] * v, dout[at + 3u * width] * v);
    }
    var ds = mat4x4f();
    for (var r = 0u; r < 4u; r++) {
      let p = exp(params.sigma * s[r] - log_sum[r]);
      ds[r] = select(vec4f(), p * (dp[r] - own[r]) * params.sigma, sees(t + r, starts[r], j));
    }
    for (var d = 0u; d < HEAD4; d++) {
      dq[d] += four(key_at + d) * ds;
    }
  }
  for (var r = 0u; r < 4u; r++) {
    for (var d = 0u; d < HEAD4; d++) {
      dqkv[query_at + r * stride + d] = dq[d][r];
    }
  }
}
