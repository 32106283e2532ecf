// The way back through train_head_norm, in place: dx = r (dy gain - n mean over i of dy_i gain_i n_i), n = raw r.
// dqkv: as qkv, only queries and keys change. Dispatch over rows * (heads + kv_heads) invocations.
@group(0) @binding(1) var<storage, read> gains: array<f32>;
@group(0) @binding(2) var<storage, read> raw: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dqkv: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let head = head_of((group.y * groups.x + group.x) * 64u + lane);
  if (head.row >= params.rows) {
    return;
  }
  let size = f32(4u * params.head4);
  var squares = 0.0;
  var sum = 0.0;
  for (var d = 0u; d < params.head4; d++) {
    let x = raw[head.raw_at + d];
    squares += dot(x, x);
    sum += dot(dqkv[head.qkv_at + d] * gain4(head, d), x);
  }
  let r = 1.0 / sqrt(squares / size + params.epsilon);
  let mean = sum * r / size;
  for (var d = 0u; d < params.head4; d++) {
    let at = head.qkv_at + d;
    dqkv[at] = r * (dqkv[at] * gain4(head, d) - raw[head.raw_at + d] * r * mean);
  }
}
