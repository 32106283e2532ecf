// RMS norm of each query's and key's head, in place, before it is turned (Qwen 3); raw keeps what was there, for the way
// back. Queries and keys have a gain each: `heads` heads take that at gain_at, kv_heads that 4 head4 numbers further.
// qkv: (rows, heads + 2 kv_heads, head4) vec4; raw: (rows, heads + kv_heads, head4) vec4.
// Dispatch over rows * (heads + kv_heads) invocations.
@group(0) @binding(1) var<storage, read> gains: array<f32>;
@group(0) @binding(2) var<storage, read_write> qkv: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> raw: array<vec4f>;

@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let head = head_of((group.y * groups.x + group.x) * 64u + lane);
  if (head.row >= params.rows) {
    return;
  }
  var sum = 0.0;
  for (var d = 0u; d < params.head4; d++) {
    let x = qkv[head.qkv_at + d];
    raw[head.raw_at + d] = x;
    sum += dot(x, x);
  }
  let r = 1.0 / sqrt(sum / f32(4u * params.head4) + params.epsilon);
  for (var d = 0u; d < params.head4; d++) {
    qkv[head.qkv_at + d] = qkv[head.qkv_at + d] * r * gain4(head, d);
  }
}
