// The sum over the LANES neighbours that share a rank, in a fixed tree through workgroup memory; all lanes call it.
var<workgroup> rank_sums: array<f32, WG>;

fn low_rank_sum(v: f32, local: u32, lane: u32) -> f32 {
  rank_sums[local] = v;
  workgroupBarrier();
  for (var width = LANES / 2u; width > 0u; width /= 2u) {
    if (lane < width) {
      rank_sums[local] += rank_sums[local + width];
    }
    workgroupBarrier();
  }
  return rank_sums[local];
}
