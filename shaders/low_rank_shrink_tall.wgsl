// low_rank_shrink.wgsl for four rows a lane, whose numbers of x lie beside each other: one read of x serves four rows, and
// four lanes of a workgroup take four groups of rows, so that few ranks fill a wave too.
// x: (groups, K, 4). Dispatch (targets, ceil(groups / 4), 1). Each sum is one chain over k, as with one row a lane.
struct ShrinkParams {
  pairs: u32,
  targets: u32,
  table_stride: u32,
  table_at: u32,
  page4: u32,
}

const WG = 64u;
// Of four ranks.
const QUADS = MAX_RANK / 4u;
const GROUPS = WG / QUADS;

@group(0) @binding(0) var<uniform> params: ShrinkParams;
@group(0) @binding(1) var<storage, read> pool: array<vec4u>;
@group(0) @binding(2) var<storage, read> x: array<vec4f>;
@group(0) @binding(3) var<storage, read> rows: array<vec4u>;
@group(0) @binding(4) var<storage, read> table: array<u32>;
@group(0) @binding(5) var<storage, read_write> t: array<vec4f>;

fn add_pair(sum: vec4f, words: vec4u, v: f32, w: f32) -> vec4f {
  let ranks = numbers_of(words);
  return fma(ranks[1], vec4f(w), fma(ranks[0], vec4f(v), sum));
}

fn finish(m: u32, part: u32, quad: u32, page: u32, sum: vec4f) {
  if (page != NO_PAGE) {
    t[(m * params.targets + part) * QUADS + quad] = sum;
  }
}

@compute @workgroup_size(WG)
fn main(@builtin(workgroup_id) place: vec3u, @builtin(local_invocation_index) local: u32) {
  let part = place.x;
  let group = place.y * GROUPS + local % GROUPS;
  let quad = local / GROUPS;
  let m = 4u * group;
  if (m >= arrayLength(&rows)) {
    return;
  }
  let chunk = quad / 2u;
  let pages = vec4u(
    page_of(rows[m].y, chunk),
    page_of(rows[m + 1u].y, chunk),
    page_of(rows[m + 2u].y, chunk),
    page_of(rows[m + 3u].y, chunk),
  );
  let is_none = pages == vec4u(NO_PAGE);
  if (all(is_none)) {
    return;
  }
  // Rows without a page read another's and drop the sum: cheaper than to part ways.
  let at = select(pages, vec4u(0u), is_none) * params.page4 + part * params.pairs * 2u + quad % 2u;
  let x_at = group * params.pairs * 2u;
  var a = vec4f(0.0);
  var b = vec4f(0.0);
  var c = vec4f(0.0);
  var d = vec4f(0.0);
  for (var k = 0u; k < params.pairs; k++) {
    let v = x[x_at + 2u * k];
    let w = x[x_at + 2u * k + 1u];
    a = add_pair(a, pool[at.x + 2u * k], v.x, w.x);
    b = add_pair(b, pool[at.y + 2u * k], v.y, w.y);
    c = add_pair(c, pool[at.z + 2u * k], v.z, w.z);
    d = add_pair(d, pool[at.w + 2u * k], v.w, w.w);
  }
  finish(m, part, quad, pages.x, a);
  finish(m + 1u, part, quad, pages.y, b);
  finish(m + 2u, part, quad, pages.z, c);
  finish(m + 3u, part, quad, pages.w, d);
}
