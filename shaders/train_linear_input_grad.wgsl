// dx[t, k] = (mode 1: dx[t, k]) + scale * sum over n of dy[t, n] W[n, k]: the way back through a linear layer to its input.
// W: the same rows in the same layout as in train_linear; no transposed copy. T is a multiple of 8. dy may be padded to
// whole vectors, with zeros; rows of W beyond the last repeat it.
// Dispatch (ceil(T / 8 * ceil(k4 / 2) / 64), 1, 1): an invocation makes 8 rows of 8 inputs in registers.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let tiles = (params.k4 + 1u) / 2u;
  let tile = (group.y * groups.x + group.x) * 64u + lane;
  let row = (tile / tiles) * 8u;
  let column = (tile % tiles) * 2u;
  if (row >= params.rows) {
    return;
  }
  let run = column / 8u;
  let j = column % 8u;
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
  let stride = params.dy_stride4;
  for (var n = 0u; n < params.n; n += 4u) {
    let r0 = run_of(n, run);
    let r1 = run_of(n + 1u, run);
    let r2 = run_of(n + 2u, run);
    let r3 = run_of(n + 3u, run);
    let wa = mat4x4f(run_weight4(r0, j), run_weight4(r1, j), run_weight4(r2, j), run_weight4(r3, j));
    let wb = mat4x4f(run_weight4(r0, j + 1u), run_weight4(r1, j + 1u), run_weight4(r2, j + 1u), run_weight4(r3, j + 1u));
    let at = row * stride + params.dy_col4 + n / 4u;
    let g0 = dy[at];
    let g1 = dy[at + stride];
    let g2 = dy[at + 2u * stride];
    let g3 = dy[at + 3u * stride];
    a0 += wa * g0;
    b0 += wb * g0;
    a1 += wa * g1;
    b1 += wb * g1;
    a2 += wa * g2;
    b2 += wb * g2;
    a3 += wa * g3;
    b3 += wb * g3;
    let g4 = dy[at + 4u * stride];
    let g5 = dy[at + 5u * stride];
    let g6 = dy[at + 6u * stride];
    let g7 = dy[at + 7u * stride];
    a4 += wa * g4;
    b4 += wb * g4;
    a5 += wa * g5;
    b5 += wb * g5;
    a6 += wa * g6;
    b6 += wb * g6;
    a7 += wa * g7;
    b7 += wb * g7;
  }
  finish(row, column, a0);
  finish(row + 1u, column, a1);
  finish(row + 2u, column, a2);
  finish(row + 3u, column, a3);
  finish(row + 4u, column, a4);
  finish(row + 5u, column, a5);
  finish(row + 6u, column, a6);
  finish(row + 7u, column, a7);
  finish(row, column + 1u, b0);
  finish(row + 1u, column + 1u, b1);
  finish(row + 2u, column + 1u, b2);
  finish(row + 3u, column + 1u, b3);
  finish(row + 4u, column + 1u, b4);
  finish(row + 5u, column + 1u, b5);
  finish(row + 6u, column + 1u, b6);
  finish(row + 7u, column + 1u, b7);
}
