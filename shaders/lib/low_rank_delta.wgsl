// What both expansions share: parameters, bindings, and the change of four outputs by their row's adapter.
// Outputs are those of all targets one after the other; from n1 on they are the second part's, from n2 the third's.
struct LowRankParams {
  n: u32,
  first: u32,
  n1: u32,
  n2: u32,
  targets: u32,
  y_stride: u32,
  table_stride: u32,
  table_at: u32,
  page4: u32,
  b4: u32,
  out4: u32,
}

@group(0) @binding(0) var<uniform> params: LowRankParams;
@group(0) @binding(1) var<storage, read> pool: array<vec4u>;
@group(0) @binding(2) var<storage, read> t: array<vec4f>;
@group(0) @binding(3) var<storage, read> rows: array<vec4u>;
@group(0) @binding(4) var<storage, read> table: array<u32>;

// sum over r of B[n, r] t[m, part, r] for the four outputs from n4 * 4 on, each one chain over r.
fn delta4(m: u32, n4: u32) -> vec4f {
  let slot = rows[m].y;
  let part = select(0u, 1u, 4u * n4 >= params.n1) + select(0u, 1u, 4u * n4 >= params.n2);
  let t_at = (m * params.targets + part) * (MAX_RANK / 4u);
  var sum = vec4f(0.0);
  for (var chunk = 0u; chunk < MAX_PAGES; chunk++) {
    let page = page_of(slot, chunk);
    if (page == NO_PAGE) {
      break;
    }
    let b_at = page * params.page4 + params.b4 + n4;
    for (var half = 0u; half < 2u; half++) {
      let ranks = t[t_at + 2u * chunk + half];
      let at = b_at + 2u * half * params.out4;
      let first = numbers_of(pool[at]);
      let second = numbers_of(pool[at + params.out4]);
      sum = fma(first[0], vec4f(ranks.x), sum);
      sum = fma(first[1], vec4f(ranks.y), sum);
      sum = fma(second[0], vec4f(ranks.z), sum);
      sum = fma(second[1], vec4f(ranks.w), sum);
    }
  }
  return sum;
}
