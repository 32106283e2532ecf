// The way back through train_attention to the queries: delta[h, t] = dout · out, then with p = exp(sigma q k_j - mass),
// ds = p (dout · v_j - delta) sigma and dq = sum over j of ds k_j. dqkv: as qkv, only the queries' part is written.
// Dispatch over rows * heads invocations. Source: FlashAttention, Dao et al. 2022, algorithm 4.
@group(0) @binding(3) var<storage, read> out: array<vec4f>;
@group(0) @binding(4) var<storage, read> dout: array<vec4f>;
@group(0) @binding(5) var<storage, read> mass: array<f32>;
@group(0) @binding(6) var<storage, read_write> delta: array<f32>;
@group(0) @binding(7) var<storage, read_write> dqkv: array<vec4f>;

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
  var g: head_vector;
  var dq: head_vector;
  var own = 0.0;
  for (var d = 0u; d < HEAD4; d++) {
    let at = (t * params.heads + h) * HEAD4 + d;
    q[d] = qkv[t * stride + h * HEAD4 + d] * params.sigma;
    g[d] = dout[at];
    own += dot(g[d], out[at]);
    dq[d] = vec4f();
  }
  let log_sum = mass[h * params.rows + t];
  for (var j = rows[t].z; j <= t; j++) {
    var s = 0.0;
    var dp = 0.0;
    for (var d = 0u; d < HEAD4; d++) {
      s += dot(q[d], qkv[j * stride + key_at + d]);
      dp += dot(g[d], qkv[j * stride + value_at + d]);
    }
    let ds = exp(s - log_sum) * (dp - own) * params.sigma;
    for (var d = 0u; d < HEAD4; d++) {
      dq[d] += ds * qkv[j * stride + key_at + d];
    }
  }
  delta[h * params.rows + t] = own;
  for (var d = 0u; d < HEAD4; d++) {
    dqkv[t * stride + h * HEAD4 + d] = dq[d];
  }
}
