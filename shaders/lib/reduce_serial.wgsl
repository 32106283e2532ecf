// One lane an output: nothing to add up. For devices where barriers cost more than idle lanes save (SwiftShader).
fn reduce_lanes(value: cols, local: u32, lane: u32) -> cols {
  return value;
}
