// t[m, part, r] = sum over k of A[part, r, k] x[m, k], by the adapter of row m's slot; rows without one do nothing.
// x: (groups, K, COLS); t: (rows, targets, 64), ranks that the adapter lacks stay as they are and are never read.
// Dispatch (ceil(targets * 16 * LANES / WG), rows, 1). Each sum is one chain over k in a lane, lanes add up in a fixed tree.
struct ShrinkParams {
  pairs: u32,
  targets: u32,
  table_stride: u32,
  table_at: u32,
  page4: u32,
}

override COLS: u32 = 1;
override LANES: u32 = 1;
const WG = 64u;
// Of four ranks, one to a lane.
const QUADS = MAX_RANK / 4u;

@group(0) @binding(0) var<uniform> params: ShrinkParams;
@group(0) @binding(1) var<storage, read> pool: array<vec4u>;
@group(0) @binding(2) var<storage, read> x: array<f32>;
@group(0) @binding(3) var<storage, read> rows: array<vec4u>;
@group(0) @binding(4) var<storage, read> table: array<u32>;
@group(0) @binding(5) var<storage, read_write> t: array<vec4f>;

fn add_pair(sum: vec4f, words: vec4u, x_at: u32) -> vec4f {
  let ranks = numbers_of(words);
  return fma(ranks[1], vec4f(x[x_at + COLS]), fma(ranks[0], vec4f(x[x_at]), sum));
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) local: u32) {
  let m = group.y;
  let lane = local % LANES;
  let index = group.x * (WG / LANES) + local / LANES;
  // The parts of a rank beside each other: ranks that an adapter lacks leave whole waves idle, not lanes of each.
  let part = index % params.targets;
  let quad = index / params.targets;
  var page = NO_PAGE;
  if (quad < QUADS) {
    page = page_of(rows[m].y, quad / 2u);
  }
  var sum = vec4f(0.0);
  if (page != NO_PAGE) {
    let a_at = page * params.page4 + part * params.pairs * 2u + quad % 2u;
    let x_at = (m / COLS) * params.pairs * 2u * COLS + m % COLS;
    var k = lane;
    for (; k + LANES < params.pairs; k += 2u * LANES) {
      sum = add_pair(sum, pool[a_at + 2u * k], x_at + 2u * k * COLS);
      sum = add_pair(sum, pool[a_at + 2u * (k + LANES)], x_at + 2u * (k + LANES) * COLS);
    }
    if (k < params.pairs) {
      sum = add_pair(sum, pool[a_at + 2u * k], x_at + 2u * k * COLS);
    }
  }
  let total = low_rank_sum(sum, local, lane);
  if (lane == 0u && page != NO_PAGE) {
    t[(m * params.targets + part) * QUADS + quad] = total;
  }
}
