// One lane four ranks: nothing to add up. For devices where barriers cost more than idle lanes save (SwiftShader).
fn low_rank_sum(v: vec4f, local: u32, lane: u32) -> vec4f {
  return v;
}
