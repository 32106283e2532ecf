// The sum over the LANES neighbours that share four ranks, in a fixed tree through workgroup memory; all lanes call it.
var<workgroup> rank_sums: array<vec4f, WG>;

fn low_rank_sum(v: vec4f, local: u32, lane: u32) -> vec4f {
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
