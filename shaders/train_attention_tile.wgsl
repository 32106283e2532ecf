// train_attention in tiles (lib/attention_tile.wgsl): an invocation makes rows t .. t + 3 of a head.
// Parameters and bindings as there; T is a multiple of 4. Dispatch over T / 4 * heads invocations, heads side by side, as
// their loops have one length.
@group(0) @binding(3) var<storage, read_write> out: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> mass: array<f32>;

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
  var mixed: head_tile;
  var top = vec4f(-3.0e38);
  var sum = vec4f();
  for (var j = starts.x & ~3u; j <= t; j += 4u) {
    let key_at = j * stride + key_column(kv_of(h));
    var s = mat4x4f();
    for (var d = 0u; d < HEAD4; d++) {
      let k = four(key_at + d);
      let q = four(query_at + d);
      s += mat4x4f(q[0] * k, q[1] * k, q[2] * k, q[3] * k);
    }
    let before = top;
    var p = mat4x4f();
    for (var r = 0u; r < 4u; r++) {
      let seen = sees(t + r, starts[r], j);
      let scores = select(vec4f(-3.0e38), params.sigma * s[r], seen);
      top[r] = max(max(top[r], max(scores.x, scores.y)), max(scores.z, scores.w));
      p[r] = select(vec4f(), exp(scores - top[r]), seen);
    }
    let shrink = exp(before - top);
    sum = sum * shrink + vec4f(1.0) * p;
    for (var d = 0u; d < HEAD4; d++) {
      let v = four(key_at + value_offset() + d);
      let m = mixed[d];
      mixed[d] = mat4x4f(
        m[0] * shrink[0] + v * p[0],
        m[1] * shrink[1] + v * p[1],
        m[2] * shrink[2] + v * p[2],
        m[3] * shrink[3] + v * p[3],
      );
    }
  }
  for (var r = 0u; r < 4u; r++) {
    for (var d = 0u; d < HEAD4; d++) {
      out[((t + r) * params.heads + h) * HEAD4 + d] = mixed[d][r] / sum[r];
    }
    mass[h * params.rows + t + r] = top[r] + log(sum[r]);
  }
}
