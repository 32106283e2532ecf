// The sums over the LANES neighbours that share a tile, in a fixed tree between the lanes of a subgroup, which has at
// least so many: no barriers and no workgroup memory. All lanes call it.
fn exchanged(v: cols, width: u32) -> cols {
  return v + subgroupShuffleXor(v, width);
}

fn reduce_lanes(sums: Tile, local: u32, lane: u32) -> Tile {
  var total = sums;
  for (var width = LANES / 2u; width > 0u; width /= 2u) {
    total = Tile(
      exchanged(total.a, width),
      exchanged(total.b, width),
      exchanged(total.c, width),
      exchanged(total.d, width),
    );
  }
  return total;
}
