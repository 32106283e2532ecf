// y[c, n] = epilogue(sum over k of W[n, k] x[c, k]) as matmul.wgsl, for prompts: an invocation makes 8 rows of 8 columns,
// so that each weight that is decoded and each x that is loaded serves eight sums.
// Layouts: lib/quantised_product.wgsl. Dispatch (ceil(tiles / 2 / WG), groups / 2, 1). Each sum is the one fma chain over k of matmul.wgsl with LANES = 1: the
// same bits.
override WG: u32 = 64;

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let tile = 2u * (group.x * WG + local);
  let first = group.y * 2u;
  let x_stride = params.k4 * 4u;
  let row_a = tile_row(tile, 0u);
  let row_b = tile_row(tile, 1u);
  let row_c = tile_row(tile, 2u);
  let row_d = tile_row(tile, 3u);
  let row_e = tile_row(tile + 1u, 0u);
  let row_f = tile_row(tile + 1u, 1u);
  let row_g = tile_row(tile + 1u, 2u);
  let row_h = tile_row(tile + 1u, 3u);
  // Rows a .. d (low) and e .. h (high) of the first group of columns and of the second.
  var low1: Tile;
  var high1: Tile;
  var low2: Tile;
  var high2: Tile;
  for (var run = 0u; run * 8u < params.k4; run++) {
    let run_a = load_run(row_a, run);
    let run_b = load_run(row_b, run);
    let run_c = load_run(row_c, run);
    let run_d = load_run(row_d, run);
    let run_e = load_run(row_e, run);
    let run_f = load_run(row_f, run);
    let run_g = load_run(row_g, run);
    let run_h = load_run(row_h, run);
    let count = min(8u, params.k4 - run * 8u);
    for (var j = 0u; j < count; j++) {
      let wa = run_weight4(run_a, j);
      let wb = run_weight4(run_b, j);
      let wc = run_weight4(run_c, j);
      let wd = run_weight4(run_d, j);
      let we = run_weight4(run_e, j);
      let wf = run_weight4(run_f, j);
      let wg = run_weight4(run_g, j);
      let wh = run_weight4(run_h, j);
      var at = first * x_stride + (run * 8u + j) * 4u;
      var x0 = x[at];
      var x1 = x[at + 1u];
      var x2 = x[at + 2u];
      var x3 = x[at + 3u];
      low1.a = fma4(wa, x0, x1, x2, x3, low1.a);
      low1.b = fma4(wb, x0, x1, x2, x3, low1.b);
      low1.c = fma4(wc, x0, x1, x2, x3, low1.c);
      low1.d = fma4(wd, x0, x1, x2, x3, low1.d);
      high1.a = fma4(we, x0, x1, x2, x3, high1.a);
      high1.b = fma4(wf, x0, x1, x2, x3, high1.b);
      high1.c = fma4(wg, x0, x1, x2, x3, high1.c);
      high1.d = fma4(wh, x0, x1, x2, x3, high1.d);
      at += x_stride;
      x0 = x[at];
      x1 = x[at + 1u];
      x2 = x[at + 2u];
      x3 = x[at + 3u];
      low2.a = fma4(wa, x0, x1, x2, x3, low2.a);
      low2.b = fma4(wb, x0, x1, x2, x3, low2.b);
      low2.c = fma4(wc, x0, x1, x2, x3, low2.c);
      low2.d = fma4(wd, x0, x1, x2, x3, low2.d);
      high2.a = fma4(we, x0, x1, x2, x3, high2.a);
      high2.b = fma4(wf, x0, x1, x2, x3, high2.b);
      high2.c = fma4(wg, x0, x1, x2, x3, high2.c);
      high2.d = fma4(wh, x0, x1, x2, x3, high2.d);
    }
  }
  let at1 = first * params.y_stride + params.y_row0;
  let at2 = at1 + params.y_stride;
  if (tile < tile_count()) {
    finish(at1, tile, low1);
    finish(at2, tile, low2);
  }
  if (tile + 1u < tile_count()) {
    finish(at1, tile + 1u, high1);
    finish(at2, tile + 1u, high2);
  }
}
