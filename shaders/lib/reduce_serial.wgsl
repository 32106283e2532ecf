// One lane an output: nothing to add up. For devices where barriers cost more than idle lanes save (SwiftShader).
fn reduce_lanes(sums: Tile, local: u32, lane: u32) -> Tile {
  return sums;
}
