// A workgroup a row: sums and extremes over its lanes in a fixed tree through workgroup memory. All lanes call them in
// uniform control flow, and all get the result as a uniform value.
var<workgroup> lane_values: array<f32, WG>;
var<workgroup> lane_ids: array<u32, WG>;

fn lanes_row(group: u32, local: u32) -> u32 {
  return group;
}

fn lanes_lane(local: u32) -> u32 {
  return local;
}

fn lanes_sum(v: f32, local: u32) -> f32 {
  lane_values[local] = v;
  workgroupBarrier();
  for (var width = LANES / 2u; width > 0u; width /= 2u) {
    if (local < width) {
      lane_values[local] += lane_values[local + width];
    }
    workgroupBarrier();
  }
  return workgroupUniformLoad(&lane_values[0]);
}

fn lanes_max(v: f32, local: u32) -> f32 {
  lane_values[local] = v;
  workgroupBarrier();
  for (var width = LANES / 2u; width > 0u; width /= 2u) {
    if (local < width) {
      lane_values[local] = max(lane_values[local], lane_values[local + width]);
    }
    workgroupBarrier();
  }
  return workgroupUniformLoad(&lane_values[0]);
}

fn lanes_min_id(v: u32, local: u32) -> u32 {
  lane_ids[local] = v;
  workgroupBarrier();
  for (var width = LANES / 2u; width > 0u; width /= 2u) {
    if (local < width) {
      lane_ids[local] = min(lane_ids[local], lane_ids[local + width]);
    }
    workgroupBarrier();
  }
  return workgroupUniformLoad(&lane_ids[0]);
}
