// y[t, n] = base[t, n] + scale * sum over k of x[t, k] W[n, k]: a linear layer over T rows, T a multiple of 8.
// base by `mode`: 0 nothing, 1 y itself, 2 residual[t, n], 3 residual[n] (a bias).
// W: rows w_row0 .. w_row0 + n of a matrix in any format (weight_*.wgsl); x, residual, y: row-major f32.
// Dispatch (ceil(T / 8 * ceil(n / 8) / 64), 1, 1): an invocation makes 8 rows of 8 outputs in registers.
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let tiles = (params.n + 7u) / 8u;
  let tile = (group.y * groups.x + group.x) * 64u + lane;
  let row = (tile / tiles) * 8u;
  let n = (tile % tiles) * 8u;
  if (row >= params.rows) {
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
  let stride = params.x_stride4;
  for (var run = 0u; run * 8u < params.k4; run++) {
    let r0 = run_of(n, run);
    let r1 = run_of(n + 1u, run);
    let r2 = run_of(n + 2u, run);
    let r3 = run_of(n + 3u, run);
    let r4 = run_of(n + 4u, run);
    let r5 = run_of(n + 5u, run);
    let r6 = run_of(n + 6u, run);
    let r7 = run_of(n + 7u, run);
    let count = min(8u, params.k4 - run * 8u);
    for (var j = 0u; j < count; j++) {
      let wa = mat4x4f(run_weight4(r0, j), run_weight4(r1, j), run_weight4(r2, j), run_weight4(r3, j));
      let wb = mat4x4f(run_weight4(r4, j), run_weight4(r5, j), run_weight4(r6, j), run_weight4(r7, j));
      let at = row * stride + params.x_col4 + run * 8u + j;
      let x0 = x[at];
      let x1 = x[at + stride];
      let x2 = x[at + 2u * stride];
      let x3 = x[at + 3u * stride];
      a0 += x0 * wa;
      b0 += x0 * wb;
      a1 += x1 * wa;
      b1 += x1 * wb;
      a2 += x2 * wa;
      b2 += x2 * wb;
      a3 += x3 * wa;
      b3 += x3 * wb;
      let x4 = x[at + 4u * stride];
      let x5 = x[at + 5u * stride];
      let x6 = x[at + 6u * stride];
      let x7 = x[at + 7u * stride];
      a4 += x4 * wa;
      b4 += x4 * wb;
      a5 += x5 * wa;
      b5 += x5 * wb;
      a6 += x6 * wa;
      b6 += x6 * wb;
      a7 += x7 * wa;
      b7 += x7 * wb;
    }
  }
  finish(row, n, a0);
  finish(row + 1u, n, a1);
  finish(row + 2u, n, a2);
  finish(row + 3u, n, a3);
  finish(row + 4u, n, a4);
  finish(row + 5u, n, a5);
  finish(row + 6u, n, a6);
  finish(row + 7u, n, a7);
  finish(row, n + 4u, b0);
  finish(row + 1u, n + 4u, b1);
  finish(row + 2u, n + 4u, b2);
  finish(row + 3u, n + 4u, b3);
  finish(row + 4u, n + 4u, b4);
  finish(row + 5u, n + 4u, b5);
  finish(row + 6u, n + 4u, b6);
  finish(row + 7u, n + 4u, b7);
}
