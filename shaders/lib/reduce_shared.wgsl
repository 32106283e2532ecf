// The sums over the LANES neighbours that share a tile, in a fixed tree through workgroup memory; all lanes call it.
var<workgroup> partial_sums: array<Tile, WG>;

fn reduce_lanes(sums: Tile, local: u32, lane: u32) -> Tile {
  partial_sums[local] = sums;
  workgroupBarrier();
  for (var width = LANES / 2u; width > 0u; width /= 2u) {
    if (lane < width) {
      let mine = partial_sums[local];
      let other = partial_sums[local + width];
      partial_sums[local] = Tile(mine.a + other.a, mine.b + other.b, mine.c + other.c, mine.d + other.d);
    }
    workgroupBarrier();
  }
  let total = partial_sums[local - lane];
  workgroupBarrier();
  return total;
}
