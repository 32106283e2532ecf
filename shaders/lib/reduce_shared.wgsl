// The sum over the LANES neighbours that share an output, in a fixed tree through workgroup memory; all lanes call it.
var<workgroup> partial_sums: array<cols, WG>;

fn reduce_lanes(value: cols, local: u32, lane: u32) -> cols {
  partial_sums[local] = value;
  workgroupBarrier();
  for (var width = LANES / 2u; width > 0u; width /= 2u) {
    if (lane < width) {
      partial_sums[local] = partial_sums[local] + partial_sums[local + width];
    }
    workgroupBarrier();
  }
  let sum = partial_sums[local - lane];
  workgroupBarrier();
  return sum;
}
