// What both kernels of attention over the paged cache share: parameters, bindings, and the score of a position.
struct AttentionParams {
  heads: u32,
  kv_heads: u32,
  head4: u32,
  pages_per_slot: u32,
}

override COLS: u32 = 1;
const PAGE = 16u;
const LOWEST = -3.0e38;

@group(0) @binding(0) var<uniform> params: AttentionParams;
@group(0) @binding(1) var<storage, read> q: array<vec4f>;
@group(0) @binding(4) var<storage, read> rows: array<vec4u>;
@group(0) @binding(5) var<storage, read> page_table: array<u32>;
@group(0) @binding(6) var<storage, read_write> out: array<f32>;

// Where the page of kv head `kv` begins that holds position t of a sequence.
fn page_base(first_page: u32, t: u32, kv: u32) -> u32 {
  return head_room() * (page_table[first_page + t / PAGE] * params.kv_heads + kv);
}

// Of position i of the page at `base`.
fn score(q_at: u32, base: u32, i: u32) -> f32 {
  var sum = vec4f(0.0);
  for (var d = 0u; d < params.head4; d++) {
    sum = fma(q[q_at + d], key4(base + i + d * PAGE), sum);
  }
  return ((sum.x + sum.y) + (sum.z + sum.w)) * key_step(base, i);
}
