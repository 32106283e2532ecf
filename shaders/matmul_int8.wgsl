// y[c, n] = epilogue(sum over k of W[n, k] x[c, k]) as matmul.wgsl, for x that round_int8.wgsl has rounded: the sum of a block
// of 32 is one of whole numbers and exact, and blocks add up in f32, one fma chain within a lane, lanes in a fixed tree: the bits
// do not depend on the batch. Layouts: lib/quantised_product.wgsl, x as round_int8.wgsl writes it.
// Dispatch (tiles / (WG / LANES), groups / GROUPS, 1). LANES lanes share a tile of 4 rows.
override WG: u32 = 64;
override LANES: u32 = 1;
override GROUPS: u32 = 1;
const BLOCK_WORDS = 10u;

@group(0) @binding(2) var<storage, read> x_codes: array<codes>;

struct BlockSums {
  a: code_sums,
  b: code_sums,
  c: code_sums,
  d: code_sums,
}

// Sums of up to 32 · 128 · 127 are whole in f32 too.
fn add_block(sum: cols, weight_step: f32, x_step: cols, codes_sum: code_sums) -> cols {
  return fma(weight_step * x_step, cols(codes_sum), sum);
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let lane = local % LANES;
  let tile = group.x * (WG / LANES) + local / LANES;
  let first = group.y * GROUPS;
  let blocks = params.k4 / 8u;
  let row_a = tile_row(tile, 0u);
  let row_b = tile_row(tile, 1u);
  let row_c = tile_row(tile, 2u);
  let row_d = tile_row(tile, 3u);
  var s: Tile;
  var t: Tile;
  for (var run = lane; run < blocks; run += LANES) {
    let run_a = load_run(row_a, run);
    let run_b = load_run(row_b, run);
    let run_c = load_run(row_c, run);
    let run_d = load_run(row_d, run);
    let at = (first * blocks + run) * BLOCK_WORDS;
    let at2 = at + blocks * BLOCK_WORDS;
    let offset = CODE_OFFSET * bitcast<code_sums>(x_codes[at + 9u]);
    var i = BlockSums(-offset, -offset, -offset, -offset);
    var l: BlockSums;
    if (GROUPS > 1u) {
      let offset2 = CODE_OFFSET * bitcast<code_sums>(x_codes[at2 + 9u]);
      l = BlockSums(-offset2, -offset2, -offset2, -offset2);
    }
    for (var j = 0u; j < 8u; j++) {
      let wa = run_codes4(run_a, j);
      let wb = run_codes4(run_b, j);
      let wc = run_codes4(run_c, j);
      let wd = run_codes4(run_d, j);
      let x1 = x_codes[at + j];
      i.a += dot4(wa, x1);
      i.b += dot4(wb, x1);
      i.c += dot4(wc, x1);
      i.d += dot4(wd, x1);
      if (GROUPS > 1u) {
        let x2 = x_codes[at2 + j];
        l.a += dot4(wa, x2);
        l.b += dot4(wb, x2);
        l.c += dot4(wc, x2);
        l.d += dot4(wd, x2);
      }
    }
    let x_step = bitcast<cols>(x_codes[at + 8u]);
    s.a = add_block(s.a, run_a.d, x_step, i.a);
    s.b = add_block(s.b, run_b.d, x_step, i.b);
    s.c = add_block(s.c, run_c.d, x_step, i.c);
    s.d = add_block(s.d, run_d.d, x_step, i.d);
    if (GROUPS > 1u) {
      let x_step2 = bitcast<cols>(x_codes[at2 + 8u]);
      t.a = add_block(t.a, run_a.d, x_step2, l.a);
      t.b = add_block(t.b, run_b.d, x_step2, l.b);
      t.c = add_block(t.c, run_c.d, x_step2, l.c);
      t.d = add_block(t.d, run_d.d, x_step2, l.d);
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
