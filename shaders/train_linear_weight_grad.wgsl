// dW[n, k] += scale * sum over rows t of dy[t, n] x[t, k]: the gradient of a linear layer's weights, in one fixed order.
// dy, x: row-major, read as vectors of 4; dW: (n, K) f32, row-major. n may end within a vector of dy.
// Dispatch (ceil(ceil(n / 8) * ceil(k4 / 2) / 64), 1, 1): an invocation makes 8 rows of 8 weights in registers.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let tiles = (params.k4 + 1u) / 2u;
  let tile = (group.y * groups.x + group.x) * 64u + lane;
  let n = (tile / tiles) * 8u;
  let column = (tile % tiles) * 2u;
  if (n >= params.n) {
    return;
  }
  var a0 = vec4f();
  var a1 = vec4f();
  var a2 = vec4f();
  var a3 = vec4f();
  var a4 = vec4f();
  var a5 = vec4f();
  var a6 = vec4f();
  var a7 = vec4f();
  var b0 = vec4f();
  var b1 = vec4f();
  var b2 = vec4f();
  var b3 = vec4f();
  var b4 = vec4f();
  var b5 = vec4f();
  var b6 = vec4f();
  var b7 = vec4f();
  let more = select(0u, 1u, n + 4u < params.n);
  let beside = select(0u, 1u, column + 1u < params.k4);
  var dy_at = params.dy_col4 + n / 4u;
  var x_at = params.x_col4 + column;
  for (var t = 0u; t < params.rows; t++) {
    let g = dy[dy_at];
    let h = dy[dy_at + more];
    let xa = x[x_at];
    let xb = x[x_at + beside];
    a0 += g.x * xa;
    b0 += g.x * xb;
    a1 += g.y * xa;
    b1 += g.y * xb;
    a2 += g.z * xa;
    b2 += g.z * xb;
    a3 += g.w * xa;
    b3 += g.w * xb;
    a4 += h.x * xa;
    b4 += h.x * xb;
    a5 += h.y * xa;
    b5 += h.y * xb;
    a6 += h.z * xa;
    b6 += h.z * xb;
    a7 += h.w * xa;
    b7 += h.w * xb;
    dy_at += params.dy_stride4;
    x_at += params.x_stride4;
  }
  finish(n, column, a0);
  finish(n + 1u, column, a1);
  finish(n + 2u, column, a2);
  finish(n + 3u, column, a3);
  finish(n + 4u, column, a4);
  finish(n + 5u, column, a5);
  finish(n + 6u, column, a6);
  finish(n + 7u, column, a7);
  finish(n, column + 1u, b0);
  finish(n + 1u, column + 1u, b1);
  finish(n + 2u, column + 1u, b2);
  finish(n + 3u, column + 1u, b3);
  finish(n + 4u, column + 1u, b4);
  finish(n + 5u, column + 1u, b5);
  finish(n + 6u, column + 1u, b6);
  finish(n + 7u, column + 1u, b7);
}
