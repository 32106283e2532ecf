// What both expansions share: parameters, bindings, and an output's change by its row's adapter.
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
}

override COLS: u32 = 1;

@group(0) @binding(0) var<uniform> params: LowRankParams;
@group(0) @binding(1) var<storage, read> pool: array<vec4f>;
@group(0) @binding(2) var<storage, read> t: array<vec4f>;
@group(0) @binding(3) var<storage, read> rows: array<vec4u>;
@group(0) @binding(4) var<storage, read> table: array<u32>;

fn fma_dot(a: vec4f, b: vec4f, sum: f32) -> f32 {
  return fma(a.w, b.w, fma(a.z, b.z, fma(a.y, b.y, fma(a.x, b.x, sum))));
}

// sum over r of B[n, r] t[m, part, r], one chain over r.
fn delta(m: u32, n: u32) -> f32 {
  let slot = rows[m].y;
  let part = select(0u, 1u, n >= params.n1) + select(0u, 1u, n >= params.n2);
  let t_at = (m * params.targets + part) * (MAX_RANK / 4u);
  var sum = 0.0;
  for (var chunk = 0u; chunk < MAX_PAGES; chunk++) {
    let page = page_of(slot, chunk);
    if (page == NO_PAGE) {
      break;
    }
    let b_at = page * params.page4 + params.b4 + 2u * n;
    sum = fma_dot(pool[b_at], t[t_at + 2u * chunk], sum);
    sum = fma_dot(pool[b_at + 1u], t[t_at + 2u * chunk + 1u], sum);
  }
  return sum;
}
