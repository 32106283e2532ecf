// y = silu(G x) * (U x), where W holds the n rows of G and then the n rows of U. A tile is 2 rows of each.
// silu(v) = v / (1 + exp(-v)); the exponent is held below overflow, as WGSL leaves infinities undefined.
fn tile_count() -> u32 {
  return (params.n + 1u) / 2u;
}

fn tile_row(tile: u32, i: u32) -> u32 {
  return (i / 2u) * params.n + min(tile * 2u + (i & 1u), params.n - 1u);
}

fn swiglu(gate: cols, up: cols) -> cols {
  return gate / (cols(1.0) + exp(min(-gate, cols(80.0)))) * up;
}

fn finish(at: u32, tile: u32, sums: Tile) {
  let row = tile * 2u;
  y[at + row] = swiglu(sums.a, sums.c);
  if (row + 1u < params.n) { y[at + row + 1u] = swiglu(sums.b, sums.d); }
}
