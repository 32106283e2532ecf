// The product of train_linear_input_grad in tiles twice as tall and twice as wide, for weights that are dear to decode and
// devices whose registers spill into a cache anyway: what a run of weights shares is looked up for 256 sums instead of 64.
// Parameters and bindings as in train_linear_input_grad, inputs a multiple of 16; the same bits.
// Dispatch (ceil(ceil(T / 16) * (k4 / 4) / 64), 1, 1).
@compute @workgroup_size(64)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let tiles = params.k4 / 4u;
  let tile = (group.y * groups.x + group.x) * 64u + lane;
  let row = (tile / tiles) * 16u;
  let column = (tile % tiles) * 4u;
  if (row >= params.rows) {
    return;
  }
  let run = column / 8u;
  let j = column % 8u;
  let stride = params.dy_stride4;
  let low = row * stride + params.dy_col4;
  // T is a multiple of 8: the upper rows are all there, or repeat the last and are not stored.
  let high = min(row + 8u, params.rows - 8u) * stride + params.dy_col4;
  // Four vectors of inputs of each row.
  var s: array<mat4x4f, 16>;
  for (var n = 0u; n < params.n; n += 4u) {
    let r0 = run_of(n, run);
    let r1 = run_of(n + 1u, run);
    let r2 = run_of(n + 2u, run);
    let r3 = run_of(n + 3u, run);
    let wa = mat4x4f(run_weight4(r0, j), run_weight4(r1, j), run_weight4(r2, j), run_weight4(r3, j));
    let wb = mat4x4f(run_weight4(r0, j + 1u), run_weight4(r1, j + 1u), run_weight4(r2, j + 1u), run_weight4(r3, j + 1u));
    let wc = mat4x4f(run_weight4(r0, j + 2u), run_weight4(r1, j + 2u), run_weight4(r2, j + 2u), run_weight4(r3, j + 2u));
    let wd = mat4x4f(run_weight4(r0, j + 3u), run_weight4(r1, j + 3u), run_weight4(r2, j + 3u), run_weight4(r3, j + 3u));
    let g0 = dy[low + n / 4u];
    s[0] += mat4x4f(wa * g0, wb * g0, wc * g0, wd * g0);
    let g1 = dy[low + stride + n / 4u];
    s[1] += mat4x4f(wa * g1, wb * g1, wc * g1, wd * g1);
    let g2 = dy[low + 2u * stride + n / 4u];
    s[2] += mat4x4f(wa * g2, wb * g2, wc * g2, wd * g2);
    let g3 = dy[low + 3u * stride + n / 4u];
    s[3] += mat4x4f(wa * g3, wb * g3, wc * g3, wd * g3);
    let g4 = dy[low + 4u * stride + n / 4u];
    s[4] += mat4x4f(wa * g4, wb * g4, wc * g4, wd * g4);
    let g5 = dy[low + 5u * stride + n / 4u];
    s[5] += mat4x4f(wa * g5, wb * g5, wc * g5, wd * g5);
    let g6 = dy[low + 6u * stride + n / 4u];
    s[6] += mat4x4f(wa * g6, wb * g6, wc * g6, wd * g6);
    let g7 = dy[low + 7u * stride + n / 4u];
    s[7] += mat4x4f(wa * g7, wb * g7, wc * g7, wd * g7);
    let g8 = dy[high + n / 4u];
    s[8] += mat4x4f(wa * g8, wb * g8, wc * g8, wd * g8);
    let g9 = dy[high + stride + n / 4u];
    s[9] += mat4x4f(wa * g9, wb * g9, wc * g9, wd * g9);
    let g10 = dy[high + 2u * stride + n / 4u];
    s[10] += mat4x4f(wa * g10, wb * g10, wc * g10, wd * g10);
    let g11 = dy[high + 3u * stride + n / 4u];
    s[11] += mat4x4f(wa * g11, wb * g11, wc * g11, wd * g11);
    let g12 = dy[high + 4u * stride + n / 4u];
    s[12] += mat4x4f(wa * g12, wb * g12, wc * g12, wd * g12);
    let g13 = dy[high + 5u * stride + n / 4u];
    s[13] += mat4x4f(wa * g13, wb * g13, wc * g13, wd * g13);
    let g14 = dy[high + 6u * stride + n / 4u];
    s[14] += mat4x4f(wa * g14, wb * g14, wc * g14, wd * g14);
    let g15 = dy[high + 7u * stride + n / 4u];
    s[15] += mat4x4f(wa * g15, wb * g15, wc * g15, wd * g15);
  }
  for (var i = 0u; i < 16u; i++) {
    for (var v = 0u; v < 4u; v++) {
      finish(row + i, column + v, s[i][v]);
    }
  }
}
