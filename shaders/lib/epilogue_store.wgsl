// y = W x. A tile is 4 neighbouring rows.
fn tile_count() -> u32 {
  return (params.n + 3u) / 4u;
}

fn tile_row(tile: u32, i: u32) -> u32 {
  return min(tile * 4u + i, params.n - 1u);
}

fn finish(at: u32, tile: u32, sums: Tile) {
  let row = tile * 4u;
  y[at + row] = sums.a;
  if (row + 1u < params.n) { y[at + row + 1u] = sums.b; }
  if (row + 2u < params.n) { y[at + row + 2u] = sums.c; }
  if (row + 3u < params.n) { y[at + row + 3u] = sums.d; }
}
