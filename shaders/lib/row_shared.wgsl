// A row belongs to a workgroup of 64 lanes; their values meet in a fixed tree. All lanes call these functions.
const LANES = 64u;

var<workgroup> row_values: array<f32, 64>;

fn row_sum(value: f32, local: u32) -> f32 {
  row_values[local] = value;
  workgroupBarrier();
  for (var width = 32u; width > 0u; width /= 2u) {
    if (local < width) {
      row_values[local] += row_values[local + width];
    }
    workgroupBarrier();
  }
  let total = row_values[0];
  workgroupBarrier();
  return total;
}

fn row_max(value: f32, local: u32) -> f32 {
  row_values[local] = value;
  workgroupBarrier();
  for (var width = 32u; width > 0u; width /= 2u) {
    if (local < width) {
      row_values[local] = max(row_values[local], row_values[local + width]);
    }
    workgroupBarrier();
  }
  let top = row_values[0];
  workgroupBarrier();
  return top;
}
