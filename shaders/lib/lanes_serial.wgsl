// One lane a row: nothing to add up. For devices where barriers cost more than idle lanes save (SwiftShader).
fn lanes_row(group: u32, local: u32) -> u32 {
  return group * WG + local;
}

fn lanes_lane(local: u32) -> u32 {
  return 0u;
}

fn lanes_sum(v: f32, local: u32) -> f32 {
  return v;
}

fn lanes_max(v: f32, local: u32) -> f32 {
  return v;
}

fn lanes_min_id(v: u32, local: u32) -> u32 {
  return v;
}
