// y[c, n] = epilogue(sum over k of W[n, k] x[c, k]) for GROUPS groups of columns c (a column is a row of the step).
// Layouts: lib/quantised_product.wgsl. Dispatch (tiles / (WG / LANES), groups / GROUPS, 1). LANES lanes share a tile of 4 rows.
// Each sum is one fma chain over k within a lane, lanes are added in a fixed tree: the bits do not depend on the batch.
override WG: u32 = 64;
override LANES: u32 = 1;
override GROUPS: u32 = 1;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let lane = local % LANES;
  let tile = group.x * (WG / LANES) + local / LANES;
  let first = group.y * GROUPS;
  let x_stride = params.k4 * 4u;
  let row_a = tile_row(tile, 0u);
  let row_b = tile_row(tile, 1u);
  let row_c = tile_row(tile, 2u);
  let row_d = tile_row(tile, 3u);
  var s: Tile;
  var t: Tile;
  for (var run = lane; run * 8u < params.k4; run += LANES) {
    let run_a = load_run(row_a, run);
    let run_b = load_run(row_b, run);
    let run_c = load_run(row_c, run);
    let run_d = load_run(row_d, run);
    let count = min(8u, params.k4 - run * 8u);
    for (var j = 0u; j < count; j++) {
      let wa = run_weight4(run_a, j);
      let wb = run_weight4(run_b, j);
      let wc = run_weight4(run_c, j);
      let wd = run_weight4(run_d, j);
      var at = first * x_stride + (run * 8u + j) * 4u;
      var x0 = x[at];
      var x1 = x[at + 1u];
      var x2 = x[at + 2u];
      var x3 = x[at + 3u];
      s.a = fma4(wa, x0, x1, x2, x3, s.a);
      s.b = fma4(wb, x0, x1, x2, x3, s.b);
      s.c = fma4(wc, x0, x1, x2, x3, s.c);
      s.d = fma4(wd, x0, x1, x2, x3, s.d);
      if (GROUPS > 1u) {
        at += x_stride;
        x0 = x[at];
        x1 = x[at + 1u];
        x2 = x[at + 2u];
        x3 = x[at + 3u];
        t.a = fma4(wa, x0, x1, x2, x3, t.a);
        t.b = fma4(wb, x0, x1, x2, x3, t.b);
        t.c = fma4(wc, x0, x1, x2, x3, t.c);
        t.d = fma4(wd, x0, x1, x2, x3, t.d);
      }
    }
  }
  let at = first * params.y_stride + params.y_row0;
  s = reduce_lanes(s, local, lane);
  if (lane == 0u && tile < tile_count()) {
    finish(at, tile, s);
  }
  if (GROUPS > 1u) {
    t = reduce_lanes(t, local, lane);
    if (lane == 0u && tile < tile_count()) {
      finish(at + params.y_stride, tile, t);
    }
  }
}
